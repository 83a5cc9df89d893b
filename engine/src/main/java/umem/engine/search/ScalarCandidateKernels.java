package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The kernels in plain Java: the fallback and the reference.
final class ScalarCandidateKernels extends CandidateKernels {

    @Override
    void int8(short[] query, MemorySegment codes, int quarter, float[] out) {
        for (int row = 0; row < 4 * quarter; row++) {
            out[row] = int8Row(query, codes, (long) row * query.length);
        }
    }

    private static int int8Row(short[] query, MemorySegment codes, long offset) {
        int sum = 0;
        for (int i = 0; i < query.length; i++) {
            sum += query[i] * codes.get(ValueLayout.JAVA_BYTE, offset + i);
        }
        return sum;
    }

    @Override
    void bf16(float[] even, float[] odd, MemorySegment codes, int quarter, float[] out) {
        for (int row = 0; row < 4 * quarter; row++) {
            out[row] = bf16Row(even, odd, codes, 4L * row * even.length);
        }
    }

    private static float bf16Row(float[] even, float[] odd, MemorySegment codes, long offset) {
        float evens = 0;
        float odds = 0;
        for (int i = 0; i < even.length; i++) {
            int pair = codes.get(ValueLayout.JAVA_INT, offset + 4L * i);
            evens += even[i] * Float.intBitsToFloat(pair << 16);
            odds += odd[i] * Float.intBitsToFloat(pair & 0xffff0000);
        }
        return evens + odds;
    }

    @Override
    int next(MemorySegment scores, long offset, int from, int count, float threshold) {
        int i = from;
        while (i < count && scores.get(ValueLayout.JAVA_FLOAT, offset + 4L * i) < threshold) {
            i++;
        }
        return i;
    }
}
