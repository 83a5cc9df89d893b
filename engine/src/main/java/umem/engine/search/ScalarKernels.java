package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The kernels in plain Java: the fallback, and the reference that the SIMD kernels must equal bit for bit.
final class ScalarKernels extends SearchKernels {

    @Override
    public int vectorBits() {
        return 0;
    }

    @Override
    void four(float[] query, MemorySegment rows, long offset, long distance, int count, float[] sums) {
        long rowBytes = 4L * query.length;
        for (int stream = 0; stream < 4; stream++) {
            for (int row = 0; row < count; row++) {
                sums(query, rows, offset + stream * distance + row * rowBytes, sums, (stream * BLOCK + row) * LANES);
            }
        }
    }

    @Override
    void one(float[] query, MemorySegment rows, long offset, float[] sums) {
        sums(query, rows, offset, sums, 0);
    }

    private static void sums(float[] query, MemorySegment rows, long offset, float[] sums, int target) {
        // Pairs of the 16 partial sums at a time: two chains a pass stay in registers.
        for (int lane = 0; lane < LANES; lane++) {
            float low = 0;
            float high = 0;
            for (int i = lane; i < query.length; i += PADDING) {
                low += query[i] * rows.get(ValueLayout.JAVA_FLOAT, offset + 4L * i);
                high += query[i + LANES] * rows.get(ValueLayout.JAVA_FLOAT, offset + 4L * (i + LANES));
            }
            sums[target + lane] = low + high;
        }
    }
}
