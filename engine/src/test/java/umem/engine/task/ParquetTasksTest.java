package umem.engine.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static umem.engine.task.TaskReaderTest.assertRefused;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import umem.engine.testing.Seed;
import umem.error.UmemException;

/// The files are written by `published.py` beside them.
class ParquetTasksTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"published.parquet", "uncompressed.parquet"})
    void readsThePublishedColumns(String name) throws IOException {
        List<Task> tasks = TaskReader.read(resource(name));
        assertThat(tasks).extracting(Task::id).containsExactly("mmlu-0", "mmlu-1", "gsm8k-2", "parquet-3");
        assertThat(tasks)
                .extracting(Task::kind)
                .containsExactly(TaskKind.MULTIPLE_CHOICE, TaskKind.MULTIPLE_CHOICE, TaskKind.MATHS, TaskKind.MATHS);
        assertThat(tasks.get(0).choices()).containsExactly("Venus", "Mercury", "Mars", "Earth");
        assertThat(tasks.get(1).question()).isEqualTo("Wie heißt die Hauptstadt von Österreich? \uD83C\uDFD4");
        assertThat(tasks).extracting(task -> task.answers().getFirst()).containsExactly("1", "2", "42", "\\frac{1}{2}");
        assertThat(tasks.get(2).attributes()).containsEntry("data_source", "gsm8k");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            no-truth.parquet      | row 1 (counting from 0): reward_model.ground_truth is missing
            out-of-range.parquet  | row 2 (counting from 0): answer 2 is not the 0-based index of one of the 2 choices
            no-rows.parquet       | holds no tasks
            other-columns.parquet | is not a Parquet file with the published columns
            snappy.parquet        | write it anew with compression="gzip"
            numbers.parquet       | is not a Parquet file with the published columns
            """)
    void saysWhatIsWrongWithAFile(String name, String reason) throws IOException {
        assertRefused(resource(name), name, reason);
    }

    @Test
    void refusesFilesThatAreNoParquet() throws IOException {
        Path file = folder.resolve("tasks.parquet");
        for (byte[] content : List.of(new byte[0], new byte[] {'P', 'A', 'R', '1'}, new byte[4096])) {
            Files.write(file, content);
            assertRefused(file, file.toString(), "is not a Parquet file with the published columns");
        }
    }

    /// A damaged file gives an error or tasks, never a crash, a hang or another exception.
    @Test
    void aDamagedFileIsRefusedOrRead() throws Exception {
        byte[] whole = Files.readAllBytes(resource("published.parquet"));
        Path file = folder.resolve("damaged.parquet");
        Seed.run(random -> {
            for (int round = 0; round < 60; round++) {
                byte[] damaged =
                        random.nextInt(4) == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
                for (int flips = random.nextInt(8); flips > 0 && damaged.length > 0; flips--) {
                    damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
                }
                Files.write(file, damaged);
                try {
                    assertTimeoutPreemptively(
                            Duration.ofSeconds(20), () -> ParquetTasks.read(file, Duration.ofSeconds(1)));
                } catch (UmemException e) {
                    assertThat(e).hasMessageContaining("damaged.parquet");
                    assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(2000);
                }
            }
        });
    }

    private Path resource(String name) throws IOException {
        Path file = folder.resolve(name);
        try (InputStream stream = ParquetTasksTest.class.getResourceAsStream(name)) {
            Files.write(file, Objects.requireNonNull(stream, name).readAllBytes());
        }
        return file;
    }
}
