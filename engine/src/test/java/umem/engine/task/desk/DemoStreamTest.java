package umem.engine.task.desk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import umem.engine.task.TaskJson;

/// The tasks of the demo, word for word: the generator must not change unnoticed, since every figure that was measured
/// on its tasks would silently be about others.
///
/// `-Dumem.golden.write=true` writes the file anew; then measure again (`umem bench headroom`).
class DemoStreamTest {
    private static final Path GOLDEN = Path.of("src/test/resources/umem/engine/task/desk/demo-stream.jsonl");

    @Test
    void isWhatItWas() throws IOException {
        List<String> stream = DeskTasks.stream(24, 1, Split.TEST).stream()
                .map(TaskJson::write)
                .toList();
        if (Boolean.getBoolean("umem.golden.write")) {
            Files.createDirectories(GOLDEN.getParent());
            Files.write(GOLDEN, stream);
        }
        assertThat(stream).isEqualTo(Files.readAllLines(GOLDEN));
    }
}
