package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import umem.engine.testing.Seed;

@Tag("vector")
class SearchKernelsTest {

    @Test
    void everyFormGivesTheSameBits() throws Exception {
        List<SearchKernels> forms = forms();
        assumeTrue(!forms.isEmpty(), "there is nothing but the scalar form here");
        Seed.run(random -> {
            // Long enough that the JIT compiler takes over on the way.
            for (int round = 0; round < 300; round++) {
                int dimension = 1 + random.nextInt(100);
                int count = 1 + random.nextInt(RowStore.ROWS);
                int stride = SearchKernels.stride(dimension);
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment rows = arena.allocate(4L * stride * count, 64);
                    for (int row = 0; row < count; row++) {
                        float[] values = FlatIndexTest.unit(random, dimension);
                        MemorySegment.copy(values, 0, rows, ValueLayout.JAVA_FLOAT, 4L * stride * row, dimension);
                    }
                    float[] query = FlatIndexTest.unit(random, dimension);
                    float[] scalar = scores(new ScalarKernels(), query, rows, count);
                    for (SearchKernels form : forms) {
                        assertThat(scores(form, query, rows, count)).containsExactly(scalar);
                        assertTiles(form, query, rows, count, scalar);
                    }
                    for (int row = 0; row < count; row += 1 + random.nextInt(50)) {
                        float[] values =
                                rows.asSlice(4L * stride * row, 4L * dimension).toArray(ValueLayout.JAVA_FLOAT);
                        assertThat(SearchKernels.dot(query, values)).isEqualTo(scalar[row]);
                    }
                }
            }
        });
    }

    private static List<SearchKernels> forms() {
        List<SearchKernels> forms = new ArrayList<>();
        if (VectorWidth.supported() >= 128) {
            forms.add(new VectorKernels());
        }
        if (VectorWidth.supported() >= 512) {
            forms.add(new WideVectorKernels());
        }
        return forms;
    }

    private static float[] scores(SearchKernels kernels, float[] query, MemorySegment rows, int count) {
        float[] out = new float[count];
        float[] padded = Arrays.copyOf(query, SearchKernels.stride(query.length));
        kernels.scores(padded, rows, count, out, new float[SearchKernels.SCRATCH]);
        return out;
    }

    /// The query beside three multiples of it by powers of two, whose scores are the same multiples.
    private static void assertTiles(
            SearchKernels kernels, float[] query, MemorySegment rows, int count, float[] expected) {
        int stride = SearchKernels.stride(query.length);
        float[] queries = new float[3 + SearchKernels.QUERIES * stride];
        for (int i = 0; i < query.length; i++) {
            for (int q = 0; q < SearchKernels.QUERIES; q++) {
                queries[3 + q * stride + i] = query[i] * (1 << q);
            }
        }
        int run = Math.min(SearchKernels.BLOCK, count / kernels.streams());
        int distance = count / kernels.streams();
        float[] out = new float[SearchKernels.QUERIES * kernels.streams() * SearchKernels.BLOCK];
        kernels.scores(queries, 3, stride, rows, 0, 4L * stride * distance, run, out, new float[SearchKernels.SCRATCH]);
        for (int q = 0; q < SearchKernels.QUERIES; q++) {
            for (int stream = 0; stream < kernels.streams(); stream++) {
                for (int row = 0; row < run; row++) {
                    assertThat(out[(q * kernels.streams() + stream) * SearchKernels.BLOCK + row])
                            .isEqualTo(expected[stream * distance + row] * (1 << q));
                }
            }
        }
    }

    @Test
    void saysWhichFormRuns() {
        String wanted = System.getProperty(VectorWidth.PROPERTY, "auto");
        int most = VectorWidth.supported();
        int expected = switch (wanted) {
            case "auto" -> most;
            case "scalar" -> 0;
            default -> Integer.parseInt(wanted) <= most ? Integer.parseInt(wanted) : 0;
        };
        assertThat(SearchKernels.current().vectorBits()).isEqualTo(expected);
        assertThatIllegalArgumentException().isThrownBy(() -> SearchKernels.dot(new float[1], new float[2]));
    }

    @Test
    void runsScalarWhereVectorsAreMissingOrWouldBeSlowOrAreNotWanted() throws Exception {
        assertThat(runWith()).contains("bits 0", "score 14.0", "--add-modules jdk.incubator.vector");
        String module = "--add-modules=jdk.incubator.vector";
        assertThat(runWith(module, "-Dumem.search.kernels=scalar")).contains("bits 0", "score 14.0");
        assertThat(runWith(module, "-XX:TieredStopAtLevel=1")).contains("bits 0", "score 14.0", "C2");
        assertThat(runWith(module, "-Xint")).contains("bits 0", "score 14.0", "C2");
    }

    private static String runWith(String... flags) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(List.of(flags));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ScalarProgram.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return output;
    }

    /// Searches in a JVM of its own.
    static final class ScalarProgram {
        private ScalarProgram() {}

        public static void main(String[] args) {
            try (FlatIndex index = new FlatIndex(3)) {
                index.add(1, new float[] {1, 2, 3});
                System.out.println("bits " + SearchKernels.current().vectorBits() + ", score "
                        + index.search(new float[] {1, 2, 3}, 1, -1).getFirst().score());
            }
        }
    }
}
