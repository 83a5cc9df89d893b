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
    int streams() {
        return 4;
    }

    @Override
    void four(
            float[] queries,
            int from,
            int stride,
            MemorySegment rows,
            long offset,
            long distance,
            int count,
            float[] sums) {
        for (int stream = 0; stream < 4; stream++) {
            for (int row = 0; row < count; row++) {
                long start = offset + stream * distance + 4L * stride * row;
                sums(queries, from, stride, rows, start, sums, (stream * BLOCK + row) * PADDING);
            }
        }
    }

    @Override
    void tile(
            float[] queries,
            int from,
            int stride,
            MemorySegment rows,
            long offset,
            long distance,
            int count,
            float[] sums) {
        for (int pair = 0; pair < QUERIES * streams(); pair++) {
            int query = from + pair / streams() * stride;
            for (int row = 0; row < count; row++) {
                long start = offset + pair % streams() * distance + 4L * stride * row;
                sums(queries, query, stride, rows, start, sums, (pair * TILE + row) * PADDING);
            }
        }
    }

    private static void sums(
            float[] query, int from, int stride, MemorySegment rows, long offset, float[] sums, int target) {
        // Pairs of the 16 partial sums at a time: two chains a pass stay in registers.
        for (int lane = 0; lane < LANES; lane++) {
            float low = 0;
            float high = 0;
            for (int i = lane; i < stride; i += PADDING) {
                low += query[from + i] * rows.get(ValueLayout.JAVA_FLOAT, offset + 4L * i);
                high += query[from + i + LANES] * rows.get(ValueLayout.JAVA_FLOAT, offset + 4L * (i + LANES));
            }
            sums[target + lane] = low + high;
        }
    }
}
