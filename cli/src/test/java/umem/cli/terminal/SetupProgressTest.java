package umem.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import umem.provision.Progress;

class SetupProgressTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void rewritesOneLineOnATerminalAndKeepsTheResult() {
        Progress progress = SetupProgress.on(Terminal.interactive(stream(out), stream(err), 100));
        progress.advance("model", Progress.Stage.FETCH, 0, 2_000_000);
        progress.advance("model", Progress.Stage.FETCH, 500_000, 2_000_000);
        progress.advance("model", Progress.Stage.FETCH, 2_000_000, 2_000_000);
        progress.advance("model", Progress.Stage.VERIFY, 2_000_000, 2_000_000);
        String text = err.toString(StandardCharsets.UTF_8);
        assertThat(text).contains("fetching model  0 B of 2.0 MB (0 %)", "fetching model  500 kB of 2.0 MB (25 %)");
        // The status lines are rewritten in place; only the last text is followed by a new line.
        assertThat(text).containsOnlyOnce("\n").endsWith("\u001b[2Kset-up: fetching model, 2.0 MB, done in 0 s\n");
        assertThat(out.size()).isZero();
    }

    @Test
    void printsPlainLinesElsewhere() {
        Progress progress = SetupProgress.on(Terminal.plain(stream(out), stream(err)));
        progress.advance("model", Progress.Stage.FETCH, 500_000, 2_000_000);
        progress.note("a source is down; trying another");
        assertThat(err.toString(StandardCharsets.UTF_8).lines())
                .hasSize(2)
                .allMatch(line -> line.startsWith("set-up: "))
                .noneMatch(line -> line.contains("\u001b"));
        assertThat(out.size()).isZero();
    }

    private static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }
}
