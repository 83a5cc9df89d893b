package umem.engine.neighborhood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.embedding.Encoder;
import umem.engine.task.Task;
import umem.engine.testing.HashedWords;
import umem.error.ErrorKind;
import umem.error.UmemException;

class TaskVectorsTest {
    @TempDir
    private Path folder;

    @Test
    void embedsEachTextOnceInItsPlace() {
        List<Task> tasks = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            tasks.add(Corpus.task("t" + i, "word" + i % 150 + " and word" + i % 6));
        }
        try (HashedWords encoder = new HashedWords(24)) {
            List<Integer> progress = new ArrayList<>();
            try (TaskVectors vectors = TaskVectors.encode(tasks, encoder, progress::add)) {
                long texts = tasks.stream().map(Task::question).distinct().count();
                assertThat(encoder.encoded()).isEqualTo(texts).isLessThan(300);
                assertThat(progress).isSorted().endsWith((int) texts);
                assertThat(vectors.rows()).isEqualTo(300);
                for (int row = 0; row < 300; row++) {
                    assertThat(vectors.slice(row, 1).toArray(ValueLayout.JAVA_FLOAT))
                            .isEqualTo(encoder.encode(tasks.get(row).question()));
                }
            }
        }
    }

    @Test
    void readsWhatUmemEmbedWrites() throws IOException {
        float[][] rows = {Corpus.gaussian(new Random(1), 5), Corpus.gaussian(new Random(2), 5)};
        Path file = Files.write(folder.resolve("rows.f32"), Corpus.bytes(rows));
        try (TaskVectors vectors = TaskVectors.read(file, 2)) {
            assertThat(vectors.dimension()).isEqualTo(5);
            assertThat(vectors.dot(0, 1)).isEqualTo(Corpus.dot(rows[0], rows[1]));
            assertThat(vectors.value(1, 4)).isEqualTo(rows[1][4]);
        }
        assertRefused(file, 3, "40 bytes, which are not 3 rows of float32");
        // Five tasks make five rows of two values of it, which no encoder would have given.
        assertRefused(file, 5, "row 0 (counting from 0) has length", "not 1", "the dimension is not 2");
    }

    @Test
    void refusesRowsThatAreNoUnitVectors() throws IOException {
        float[][] rows = new float[3][];
        for (float[] bad : new float[][] {
            {0, 0}, {Float.NaN, 1}, {1, Float.POSITIVE_INFINITY}, {Float.MAX_VALUE, Float.MAX_VALUE}, {0.6f, 0.7f}
        }) {
            rows[0] = rows[1] = new float[] {0.6f, 0.8f};
            rows[2] = bad;
            Path file = Files.write(folder.resolve("rows.f32"), Corpus.bytes(rows));
            assertRefused(
                    file,
                    3,
                    "row 2 (counting from 0)",
                    bad[0] == 0 ? "is zero" : Float.isFinite(bad[0] + bad[1]) ? "has length" : "");
        }
        assertRefused(Files.write(folder.resolve("empty"), new byte[0]), 3, "has 0 bytes");
        assertRefused(folder.resolve("none"), 3, "does not exist");
        assertRefused(folder, 3, "is not a file");
    }

    @Test
    void anEncoderThatGivesNonsenseIsNamed() {
        Encoder broken = new Encoder() {
            @Override
            public String name() {
                return "broken";
            }

            @Override
            public String fingerprint() {
                return "broken";
            }

            @Override
            public int dimension() {
                return 2;
            }

            @Override
            public void encode(List<String> texts, MemorySegment rows) {
                rows.setAtIndex(ValueLayout.JAVA_FLOAT, 0, Float.NaN);
            }

            @Override
            public void close() {}
        };
        assertThatThrownBy(() -> TaskVectors.encode(List.of(Corpus.task("a", "Why?")), broken, i -> {}))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
                .hasMessageContaining("encoder broken: row 0 (counting from 0) holds NaN or infinity");
    }

    private static void assertRefused(Path file, int tasks, String... reasons) {
        assertThatThrownBy(() -> TaskVectors.read(file, tasks).close())
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                .hasMessageContaining("vectors file " + file)
                .hasMessageContainingAll(reasons);
    }
}
