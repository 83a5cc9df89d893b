package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The kernels with the Vector API, in the width that [VectorKernels] has.
///
/// One row is a method of its own: with the bodies of four in one, C2 gives up and puts vectors on the heap.
final class VectorCandidateKernels extends CandidateKernels {
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorShape SHAPE =
            VectorShape.forBitSize(SearchKernels.current().vectorBits());
    private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, SHAPE);
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, SHAPE);
    private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, SHAPE);
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(SHAPE.vectorBitSize() / 2));

    @Override
    void int8(short[] query, MemorySegment codes, int quarter, float[] out) {
        long distance = (long) quarter * query.length;
        for (int row = 0; row < quarter; row++) {
            long offset = (long) row * query.length;
            out[row] = int8Row(query, codes, offset);
            out[quarter + row] = int8Row(query, codes, offset + distance);
            out[2 * quarter + row] = int8Row(query, codes, offset + 2 * distance);
            out[3 * quarter + row] = int8Row(query, codes, offset + 3 * distance);
        }
    }

    private static int int8Row(short[] query, MemorySegment codes, long offset) {
        int lanes = SHORTS.length();
        IntVector low = IntVector.zero(INTS);
        IntVector high = low;
        for (int i = 0; i < query.length; i += 2 * lanes) {
            // Two products of at most 127 * 127 fit a short.
            IntVector pairs = products(query, codes, offset, i)
                    .add(products(query, codes, offset, i + lanes))
                    .reinterpretAsInts();
            low = low.add(pairs.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16));
            high = high.add(pairs.lanewise(VectorOperators.ASHR, 16));
        }
        return low.add(high).reduceLanes(VectorOperators.ADD);
    }

    private static ShortVector products(short[] query, MemorySegment codes, long offset, int i) {
        ShortVector row = (ShortVector) ByteVector.fromMemorySegment(BYTES, codes, offset + i, ORDER)
                .convertShape(VectorOperators.B2S, SHORTS, 0);
        return row.mul(ShortVector.fromArray(SHORTS, query, i));
    }

    @Override
    void bf16(float[] even, float[] odd, MemorySegment codes, int quarter, float[] out) {
        long rowBytes = 4L * even.length;
        long distance = quarter * rowBytes;
        for (int row = 0; row < quarter; row++) {
            long o0 = row * rowBytes;
            long o1 = o0 + distance;
            long o2 = o1 + distance;
            long o3 = o2 + distance;
            FloatVector a0 = FloatVector.zero(FLOATS);
            FloatVector a1 = a0;
            FloatVector a2 = a0;
            FloatVector a3 = a0;
            FloatVector b0 = a0;
            FloatVector b1 = a0;
            FloatVector b2 = a0;
            FloatVector b3 = a0;
            for (int i = 0; i < even.length; i += FLOATS.length()) {
                long p = 4L * i;
                FloatVector v = FloatVector.fromArray(FLOATS, even, i);
                FloatVector w = FloatVector.fromArray(FLOATS, odd, i);
                IntVector x0 = IntVector.fromMemorySegment(INTS, codes, o0 + p, ORDER);
                IntVector x1 = IntVector.fromMemorySegment(INTS, codes, o1 + p, ORDER);
                IntVector x2 = IntVector.fromMemorySegment(INTS, codes, o2 + p, ORDER);
                IntVector x3 = IntVector.fromMemorySegment(INTS, codes, o3 + p, ORDER);
                a0 = a0.add(v.mul(even(x0)));
                b0 = b0.add(w.mul(odd(x0)));
                a1 = a1.add(v.mul(even(x1)));
                b1 = b1.add(w.mul(odd(x1)));
                a2 = a2.add(v.mul(even(x2)));
                b2 = b2.add(w.mul(odd(x2)));
                a3 = a3.add(v.mul(even(x3)));
                b3 = b3.add(w.mul(odd(x3)));
            }
            out[row] = a0.add(b0).reduceLanes(VectorOperators.ADD);
            out[quarter + row] = a1.add(b1).reduceLanes(VectorOperators.ADD);
            out[2 * quarter + row] = a2.add(b2).reduceLanes(VectorOperators.ADD);
            out[3 * quarter + row] = a3.add(b3).reduceLanes(VectorOperators.ADD);
        }
    }

    private static FloatVector even(IntVector pairs) {
        return pairs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    private static FloatVector odd(IntVector pairs) {
        return pairs.and(0xffff0000).reinterpretAsFloats();
    }

    @Override
    int next(MemorySegment scores, long offset, int from, int count, float threshold) {
        int lanes = FLOATS.length();
        int i = from;
        for (; i <= count - lanes; i += lanes) {
            VectorMask<Float> below = FloatVector.fromMemorySegment(FLOATS, scores, offset + 4L * i, ORDER)
                    .lt(threshold);
            if (!below.allTrue()) {
                return i + below.not().firstTrue();
            }
        }
        while (i < count && scores.get(ValueLayout.JAVA_FLOAT, offset + 4L * i) < threshold) {
            i++;
        }
        return i;
    }
}
