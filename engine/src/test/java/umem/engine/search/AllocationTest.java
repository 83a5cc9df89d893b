package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What a bank does for every task allocates nothing once it is warm. A vector that C2 failed to keep in registers
/// would
/// cost 48 bytes and more a row and accumulator.
@Tag("vector")
class AllocationTest {
    private static final int DIMENSION = 100;
    private static final int ROWS = 2 * RowStore.ROWS + 5;

    @Test
    void nothingIsAllocatedByAWarmIndex() {
        try (FlatIndex index = new FlatIndex(DIMENSION);
                Arena arena = Arena.ofConfined()) {
            MemorySegment rows = arena.allocate(4L * DIMENSION * 9, 4);
            for (int i = 0; i < 9 * DIMENSION; i++) {
                rows.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1f / (1 + i % 37));
            }
            MemorySegment row = rows.asSlice(0, 4L * DIMENSION);
            for (int id = 0; id < ROWS; id++) {
                index.add(id, row);
            }
            TopHits best = new TopHits(10);
            assertNothingAllocated("a search", () -> index.search(row, best));
            assertThat(best.size()).isEqualTo(10);
            TopHits[] batch = new TopHits[9];
            Arrays.setAll(batch, i -> new TopHits(3));
            assertNothingAllocated("a batch", () -> index.search(rows, batch));
            assertNothingAllocated("an update", () -> index.update(5, row));
            assertNothingAllocated("a removal and an addition", () -> {
                index.remove(7);
                index.add(7, row);
            });
        }
    }

    /// Whether it once runs without allocating, which it does for good once the JIT compiler is through with it.
    private static void assertNothingAllocated(String what, Runnable call) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < 100_000 && allocated > 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 10; i++) {
                call.run();
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(allocated).as("bytes allocated by ten of %s", what).isZero();
    }
}
