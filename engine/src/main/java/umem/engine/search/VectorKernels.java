package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The kernels with the Vector API, two accumulators of 256 bits a row.
///
/// The one class that names `jdk.incubator.vector`; loaded only by [SearchKernels], which survives its absence.
final class VectorKernels extends SearchKernels {
    static final int BITS = 256;
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_256;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /// Whether the CPU has vectors of this width; without, every operation would be emulated on the heap.
    static boolean supported() {
        return FloatVector.SPECIES_PREFERRED.vectorBitSize() >= BITS;
    }

    @Override
    public int vectorBits() {
        return BITS;
    }

    @Override
    void four(float[] query, MemorySegment rows, long offset, long distance, int count, float[] sums) {
        long o0 = offset;
        long o1 = o0 + distance;
        long o2 = o1 + distance;
        long o3 = o2 + distance;
        for (int row = 0; row < count; row++) {
            FloatVector a0 = FloatVector.zero(SPECIES);
            FloatVector a1 = a0;
            FloatVector a2 = a0;
            FloatVector a3 = a0;
            FloatVector b0 = a0;
            FloatVector b1 = a0;
            FloatVector b2 = a0;
            FloatVector b3 = a0;
            for (int i = 0; i < query.length; i += PADDING) {
                long p = 4L * i;
                FloatVector v = FloatVector.fromArray(SPECIES, query, i);
                FloatVector w = FloatVector.fromArray(SPECIES, query, i + LANES);
                a0 = a0.add(v.mul(load(rows, o0 + p)));
                b0 = b0.add(w.mul(load(rows, o0 + p + 32)));
                a1 = a1.add(v.mul(load(rows, o1 + p)));
                b1 = b1.add(w.mul(load(rows, o1 + p + 32)));
                a2 = a2.add(v.mul(load(rows, o2 + p)));
                b2 = b2.add(w.mul(load(rows, o2 + p + 32)));
                a3 = a3.add(v.mul(load(rows, o3 + p)));
                b3 = b3.add(w.mul(load(rows, o3 + p + 32)));
            }
            // Lanes are added up by the caller: reduceLanes may add in any order.
            a0.add(b0).intoArray(sums, row * LANES);
            a1.add(b1).intoArray(sums, (BLOCK + row) * LANES);
            a2.add(b2).intoArray(sums, (2 * BLOCK + row) * LANES);
            a3.add(b3).intoArray(sums, (3 * BLOCK + row) * LANES);
            o0 += 4L * query.length;
            o1 += 4L * query.length;
            o2 += 4L * query.length;
            o3 += 4L * query.length;
        }
    }

    @Override
    void one(float[] query, MemorySegment rows, long offset, float[] sums) {
        FloatVector a = FloatVector.zero(SPECIES);
        FloatVector b = a;
        for (int i = 0; i < query.length; i += PADDING) {
            long p = offset + 4L * i;
            a = a.add(FloatVector.fromArray(SPECIES, query, i).mul(load(rows, p)));
            b = b.add(FloatVector.fromArray(SPECIES, query, i + LANES).mul(load(rows, p + 32)));
        }
        a.add(b).intoArray(sums, 0);
    }

    private static FloatVector load(MemorySegment rows, long offset) {
        return FloatVector.fromMemorySegment(SPECIES, rows, offset, ORDER);
    }
}
