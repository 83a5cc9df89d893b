package umem.provision;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// [Progress] as lines of text. One thread at a time.
final class ProgressLines implements Progress {
    private static final long PAUSE = Duration.ofSeconds(5).toNanos();

    private final PrintStream out;
    private @Nullable String current;
    private long printedAt;

    ProgressLines(PrintStream out) {
        this.out = out;
    }

    @Override
    public synchronized void advance(String name, Stage stage, long done, long total) {
        String key = stage + " " + name;
        boolean ended = total >= 0 && done >= total;
        boolean fresh = !key.equals(current);
        long now = System.nanoTime();
        if (!fresh && !ended && now - printedAt < PAUSE) {
            return;
        }
        current = ended ? null : key;
        printedAt = now;
        out.println("set-up: " + stage.verb() + " " + name + amount(done, total));
    }

    @Override
    public synchronized void note(String line) {
        out.println("set-up: " + line);
    }

    private static String amount(long done, long total) {
        if (total <= 0) {
            return done > 0 ? ", " + ByteCount.format(done) : "";
        }
        return String.format(
                Locale.ROOT,
                ", %s of %s (%d %%)",
                ByteCount.format(done),
                ByteCount.format(total),
                Math.min(100, 100 * done / total));
    }
}
