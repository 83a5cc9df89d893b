package umem.bench.launched;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `umem embed` as a process: ended in two ways, it goes on, and its file is the one of a run that was left alone.
class EmbedIT {
    private static final int TEXTS = 8000;

    @TempDir
    Path folder;

    @BeforeEach
    void writeTexts() throws IOException {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < TEXTS; i++) {
            lines.add("lamp " + i + " on".repeat(i % 5));
        }
        Files.write(folder.resolve("texts.txt"), lines);
    }

    private static String[] embed(String output) {
        return new String[] {"embed", "--cpu", "--threads", "1", "--input", "texts.txt", "--output", output, "--resume"
        };
    }

    @Test
    void goesOnAfterKillAndInterrupt() throws IOException {
        Launched killed = Launched.start(folder, embed("cut.npy"));
        killed.awaitLines(folder.resolve("cut.npy.progress"), 1);
        killed.signal("KILL");
        assertThat(killed.await().code()).isEqualTo(137);

        String before = Files.readString(folder.resolve("cut.npy.progress"));
        Launched interrupted = Launched.start(folder, embed("cut.npy"));
        interrupted.awaitChange(folder.resolve("cut.npy.progress"), before);
        interrupted.signal("INT");
        Launched.Result stopped = interrupted.await();
        assertThat(stopped.code()).isEqualTo(130);
        assertThat(stopped.err()).contains("go on with --resume");
        assertThat(folder.resolve("cut.npy")).doesNotExist();

        Launched.Result last = Launched.run(folder, embed("cut.npy"));
        assertThat(last.code()).as(last.err()).isZero();
        assertThat(last.json().path("rows").asInt()).isEqualTo(TEXTS);
        assertThat(last.json().path("resumed_at").asInt()).isBetween(1, TEXTS - 1);
        Launched.Result whole = Launched.run(folder, embed("whole.npy"));
        assertThat(whole.code()).as(whole.err()).isZero();
        assertThat(whole.json().path("resumed_at").asInt()).isZero();
        assertThat(folder.resolve("cut.npy")).hasSameBinaryContentAs(folder.resolve("whole.npy"));
        assertThat(folder.resolve("cut.npy.progress")).doesNotExist();
    }
}
