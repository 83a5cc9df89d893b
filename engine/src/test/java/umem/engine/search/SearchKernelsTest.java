package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import umem.engine.testing.Seed;

class SearchKernelsTest {

    @Test
    void everyFormGivesTheSameBits() throws Exception {
        assumeTrue(VectorKernels.supported(), "this CPU has no 256-bit vectors");
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
                    assertThat(scores(new VectorKernels(), query, rows, count)).containsExactly(scalar);
                    for (int row = 0; row < count; row += 1 + random.nextInt(50)) {
                        float[] values =
                                rows.asSlice(4L * stride * row, 4L * dimension).toArray(ValueLayout.JAVA_FLOAT);
                        assertThat(SearchKernels.dot(query, values)).isEqualTo(scalar[row]);
                    }
                }
            }
        });
    }

    private static float[] scores(SearchKernels kernels, float[] query, MemorySegment rows, int count) {
        float[] out = new float[count];
        float[] padded = Arrays.copyOf(query, SearchKernels.stride(query.length));
        kernels.scores(padded, rows, count, out, new float[SearchKernels.SCRATCH]);
        return out;
    }

    @Test
    void aSearchAllocatesNoMoreThanItsResultHoweverManyRows() {
        assumeTrue(VectorKernels.supported(), "this CPU has no 256-bit vectors");
        int rows = 6 * RowStore.ROWS + 5;
        try (FlatIndex index = new FlatIndex(100)) {
            float[] row = new float[100];
            for (int id = 0; id < rows; id++) {
                row[id % 100] = 1f / (1 + id);
                index.add(id, row);
            }
            // A vector that C2 failed to keep in registers would cost 48 bytes a row and accumulator.
            long allocated = Long.MAX_VALUE;
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            for (int round = 0; round < 2000 && allocated > 40_000; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                assertThat(index.search(row, 3, -1).size()).isEqualTo(3);
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertThat(allocated).isLessThan(40_000);
        }
    }

    @Test
    void saysWhichFormRuns() {
        assertThat(SearchKernels.current().vectorBits()).isEqualTo(VectorKernels.supported() ? 256 : 0);
        assertThatIllegalArgumentException().isThrownBy(() -> SearchKernels.dot(new float[1], new float[2]));
    }

    @Test
    void runsScalarWhereTheVectorModuleIsMissingOrNotWanted() throws Exception {
        assertThat(runWith()).contains("bits 0").contains("score 14.0").contains("--add-modules jdk.incubator.vector");
        assertThat(runWith("--add-modules", "jdk.incubator.vector", "-Dumem.search.kernels=scalar"))
                .contains("bits 0")
                .contains("score 14.0");
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
