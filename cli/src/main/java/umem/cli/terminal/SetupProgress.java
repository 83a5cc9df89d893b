package umem.cli.terminal;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import umem.provision.ByteCount;
import umem.provision.Progress;

/// How set-up goes on, for the user: one line rewritten in place on a terminal, a line every few seconds elsewhere. All
/// of it on standard error.
public final class SetupProgress implements Progress {
    private final Terminal terminal;
    private @Nullable String work;
    private long startedAt;
    private long startedWith;

    private SetupProgress(Terminal terminal) {
        this.terminal = terminal;
    }

    /// The progress that suits a terminal.
    public static Progress on(Terminal terminal) {
        return terminal.live() ? new SetupProgress(terminal) : Progress.lines(terminal.err());
    }

    @Override
    public void advance(String name, Stage stage, long done, long total) {
        long now = System.nanoTime();
        String current = stage.verb() + " " + name;
        if (!current.equals(work)) {
            work = current;
            startedAt = now;
            startedWith = done;
        }
        double seconds = (now - startedAt) / 1e9;
        if (total < 0 || done < total) {
            terminal.status("set-up: " + current + amount(done, total, seconds));
            return;
        }
        work = null;
        terminal.clearStatus();
        // What took the network's time or the compiler's is worth a line that stays; reading a file again is not.
        if (stage != Stage.VERIFY && stage != Stage.WAIT) {
            String size = total > 0 ? ", " + ByteCount.format(total) : "";
            terminal.log(String.format(Locale.ROOT, "set-up: %s%s, done in %.0f s", current, size, seconds));
        }
    }

    @Override
    public void note(String line) {
        terminal.log("set-up: " + line);
    }

    private String amount(long done, long total, double seconds) {
        StringBuilder text = new StringBuilder();
        if (done > 0) {
            text.append("  ").append(ByteCount.format(done));
        }
        if (total > 0) {
            text.append(text.isEmpty() ? "  0 B" : "")
                    .append(" of ")
                    .append(ByteCount.format(total))
                    .append(" (")
                    .append(100 * done / total)
                    .append(" %)");
        }
        double rate = (done - startedWith) / seconds;
        // Before the first second the rate says nothing.
        if (seconds >= 1 && rate >= 1) {
            text.append(", ").append(ByteCount.format((long) rate)).append("/s");
            if (total > 0) {
                text.append(", ").append(duration((total - done) / rate)).append(" left");
            }
        }
        return text.toString();
    }

    private static String duration(double seconds) {
        long whole = Math.round(seconds);
        return whole < 60 ? whole + " s" : whole < 3600 ? whole / 60 + " min" : whole / 3600 + " h";
    }
}
