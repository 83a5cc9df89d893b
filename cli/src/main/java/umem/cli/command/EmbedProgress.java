package umem.cli.command;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import umem.cli.terminal.Terminal;
import umem.engine.embedding.stream.TextLines;

/// How far `umem embed` is: texts, rate, and the time left where the size of the input is known.
final class EmbedProgress {
    private final Terminal terminal;
    private final @Nullable TextLines lines;
    private final double startFraction;
    private final long start = System.nanoTime();

    /// Starts the clock.
    EmbedProgress(Terminal terminal, @Nullable TextLines lines) {
        this.terminal = terminal;
        this.lines = lines;
        this.startFraction = lines == null ? -1 : lines.fraction();
    }

    double seconds() {
        return (System.nanoTime() - start) / 1e9;
    }

    /// Texts a second by now.
    double rate(long texts) {
        return texts / Math.max(1e-9, seconds());
    }

    /// Shows that so many texts are embedded.
    void show(long texts) {
        if (terminal.live()) {
            String line = String.format(Locale.ROOT, "embedded %,d texts, %.0f a second", texts, rate(texts));
            terminal.status(lines == null || startFraction < 0 ? line : line + left(lines.fraction()));
        }
    }

    private String left(double fraction) {
        double here = fraction - startFraction;
        if (here <= 0) {
            return "";
        }
        Duration left = Duration.ofSeconds(Math.round(seconds() * (1 - fraction) / here));
        return String.format(
                Locale.ROOT,
                ", %.1f %%, %d:%02d:%02d left",
                100 * fraction,
                left.toHours(),
                left.toMinutesPart(),
                left.toSecondsPart());
    }
}
