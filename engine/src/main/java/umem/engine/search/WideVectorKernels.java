package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The kernels with vectors of 512 bits: all 16 sums `s[j]` of a row in one. Loaded only where the vector module is.
final class WideVectorKernels extends SearchKernels {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_512;
    private static final VectorSpecies<Float> HALF = FloatVector.SPECIES_256;
    private static final VectorSpecies<Float> QUARTER = FloatVector.SPECIES_128;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    @Override
    public int vectorBits() {
        return SPECIES.vectorBitSize();
    }

    @Override
    int streams() {
        // 16 accumulators, 4 rows and a query of 32 registers.
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
        long o0 = offset;
        long o1 = o0 + distance;
        long o2 = o1 + distance;
        long o3 = o2 + distance;
        for (int row = 0; row < count; row++) {
            FloatVector a0 = FloatVector.zero(SPECIES);
            FloatVector a1 = a0;
            FloatVector a2 = a0;
            FloatVector a3 = a0;
            for (int i = 0; i < stride; i += PADDING) {
                long p = 4L * i;
                FloatVector v = FloatVector.fromArray(SPECIES, queries, from + i);
                a0 = a0.add(v.mul(load(rows, o0 + p)));
                a1 = a1.add(v.mul(load(rows, o1 + p)));
                a2 = a2.add(v.mul(load(rows, o2 + p)));
                a3 = a3.add(v.mul(load(rows, o3 + p)));
            }
            // Lanes are added up later: reduceLanes may add in any order.
            a0.intoArray(sums, row * PADDING);
            a1.intoArray(sums, (BLOCK + row) * PADDING);
            a2.intoArray(sums, (2 * BLOCK + row) * PADDING);
            a3.intoArray(sums, (3 * BLOCK + row) * PADDING);
            o0 += 4L * stride;
            o1 += 4L * stride;
            o2 += 4L * stride;
            o3 += 4L * stride;
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
        for (int row = 0; row < count; row++) {
            tileRow(queries, from, stride, rows, offset + 4L * stride * row, distance, sums, row * PADDING);
        }
    }

    /// A row in each of four streams, for four queries.
    private static void tileRow(
            float[] queries,
            int from,
            int stride,
            MemorySegment rows,
            long offset,
            long distance,
            float[] sums,
            int at) {
        long o1 = offset + distance;
        long o2 = o1 + distance;
        long o3 = o2 + distance;
        FloatVector a00 = FloatVector.zero(SPECIES);
        FloatVector a01 = a00;
        FloatVector a02 = a00;
        FloatVector a03 = a00;
        FloatVector a10 = a00;
        FloatVector a11 = a00;
        FloatVector a12 = a00;
        FloatVector a13 = a00;
        FloatVector a20 = a00;
        FloatVector a21 = a00;
        FloatVector a22 = a00;
        FloatVector a23 = a00;
        FloatVector a30 = a00;
        FloatVector a31 = a00;
        FloatVector a32 = a00;
        FloatVector a33 = a00;
        for (int i = 0; i < stride; i += PADDING) {
            long p = 4L * i;
            FloatVector x0 = load(rows, offset + p);
            FloatVector x1 = load(rows, o1 + p);
            FloatVector x2 = load(rows, o2 + p);
            FloatVector x3 = load(rows, o3 + p);
            FloatVector v = FloatVector.fromArray(SPECIES, queries, from + i);
            a00 = a00.add(v.mul(x0));
            a01 = a01.add(v.mul(x1));
            a02 = a02.add(v.mul(x2));
            a03 = a03.add(v.mul(x3));
            v = FloatVector.fromArray(SPECIES, queries, from + i + stride);
            a10 = a10.add(v.mul(x0));
            a11 = a11.add(v.mul(x1));
            a12 = a12.add(v.mul(x2));
            a13 = a13.add(v.mul(x3));
            v = FloatVector.fromArray(SPECIES, queries, from + i + 2 * stride);
            a20 = a20.add(v.mul(x0));
            a21 = a21.add(v.mul(x1));
            a22 = a22.add(v.mul(x2));
            a23 = a23.add(v.mul(x3));
            v = FloatVector.fromArray(SPECIES, queries, from + i + 3 * stride);
            a30 = a30.add(v.mul(x0));
            a31 = a31.add(v.mul(x1));
            a32 = a32.add(v.mul(x2));
            a33 = a33.add(v.mul(x3));
        }
        a00.intoArray(sums, at);
        a01.intoArray(sums, at + TILE * PADDING);
        a02.intoArray(sums, at + 2 * TILE * PADDING);
        a03.intoArray(sums, at + 3 * TILE * PADDING);
        a10.intoArray(sums, at + 4 * TILE * PADDING);
        a11.intoArray(sums, at + 5 * TILE * PADDING);
        a12.intoArray(sums, at + 6 * TILE * PADDING);
        a13.intoArray(sums, at + 7 * TILE * PADDING);
        a20.intoArray(sums, at + 8 * TILE * PADDING);
        a21.intoArray(sums, at + 9 * TILE * PADDING);
        a22.intoArray(sums, at + 10 * TILE * PADDING);
        a23.intoArray(sums, at + 11 * TILE * PADDING);
        a30.intoArray(sums, at + 12 * TILE * PADDING);
        a31.intoArray(sums, at + 13 * TILE * PADDING);
        a32.intoArray(sums, at + 14 * TILE * PADDING);
        a33.intoArray(sums, at + 15 * TILE * PADDING);
    }

    /// As [SearchKernels#fold], from all 16 sums `s[j]`; the halves of a vector are had by way of the array.
    @Override
    void fold(float[] sums, int first, int count, float[] out, int target) {
        for (int row = 0; row < count; row++) {
            int at = (first + row) * PADDING;
            FloatVector.fromArray(HALF, sums, at)
                    .add(FloatVector.fromArray(HALF, sums, at + LANES))
                    .intoArray(sums, at);
            FloatVector.fromArray(QUARTER, sums, at)
                    .add(FloatVector.fromArray(QUARTER, sums, at + LANES / 2))
                    .intoArray(sums, at);
            out[target + row] = (sums[at] + sums[at + 2]) + (sums[at + 1] + sums[at + 3]);
        }
    }

    private static FloatVector load(MemorySegment rows, long offset) {
        return FloatVector.fromMemorySegment(SPECIES, rows, offset, ORDER);
    }
}
