package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The kernels with vectors of 256 bits or fewer.
///
/// The sums `t[j] = s[j] + s[j+8]` are made some at a time, as many as a vector has lanes: one pass over a row with 256
/// bits, two with 128, of which the second finds the row in the cache. Loaded only where the vector module is.
final class VectorKernels extends SearchKernels {
    private static final VectorSpecies<Float> SPECIES =
            VectorSpecies.of(float.class, VectorShape.forBitSize(Math.clamp(VectorWidth.BITS, 128, 256)));
    private static final int WIDTH = SPECIES.length();
    /// Bytes from the values of `s[j]` to those of `s[j+8]`.
    private static final long HIGH = 4L * LANES;

    private static final VectorSpecies<Float> QUARTER = FloatVector.SPECIES_128;

    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    @Override
    public int vectorBits() {
        return SPECIES.vectorBitSize();
    }

    @Override
    int streams() {
        // 12 accumulators, 3 rows and a query: 16 registers.
        return 3;
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
        for (int row = 0; row < count; row++) {
            long start = offset + 4L * stride * row;
            for (int lane = 0; lane < LANES; lane += WIDTH) {
                fourLanes(queries, from + lane, stride, rows, start + 4L * lane, distance, sums, row * PADDING + lane);
            }
        }
    }

    /// One pass over a row in each of four streams.
    private static void fourLanes(
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
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector b0 = a0;
        FloatVector b1 = a0;
        FloatVector b2 = a0;
        FloatVector b3 = a0;
        for (int i = 0; i < stride; i += PADDING) {
            long p = 4L * i;
            FloatVector v = FloatVector.fromArray(SPECIES, queries, from + i);
            FloatVector w = FloatVector.fromArray(SPECIES, queries, from + i + LANES);
            a0 = a0.add(v.mul(load(rows, offset + p)));
            b0 = b0.add(w.mul(load(rows, offset + p + HIGH)));
            a1 = a1.add(v.mul(load(rows, o1 + p)));
            b1 = b1.add(w.mul(load(rows, o1 + p + HIGH)));
            a2 = a2.add(v.mul(load(rows, o2 + p)));
            b2 = b2.add(w.mul(load(rows, o2 + p + HIGH)));
            a3 = a3.add(v.mul(load(rows, o3 + p)));
            b3 = b3.add(w.mul(load(rows, o3 + p + HIGH)));
        }
        // Lanes are added up by the caller: reduceLanes may add in any order.
        a0.add(b0).intoArray(sums, at);
        a1.add(b1).intoArray(sums, at + BLOCK * PADDING);
        a2.add(b2).intoArray(sums, at + 2 * BLOCK * PADDING);
        a3.add(b3).intoArray(sums, at + 3 * BLOCK * PADDING);
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
            int at = row * PADDING;
            for (int lane = 0; lane < PADDING; lane += WIDTH) {
                tileLanes(queries, from + lane, stride, rows, offset + 4L * lane, distance, sums, at + lane);
            }
            offset += 4L * stride;
        }
        for (int pair = 0; pair < 12; pair++) {
            for (int row = 0; row < count; row++) {
                int at = (pair * TILE + row) * PADDING;
                for (int lane = 0; lane < LANES; lane += WIDTH) {
                    FloatVector.fromArray(SPECIES, sums, at + lane)
                            .add(FloatVector.fromArray(SPECIES, sums, at + lane + LANES))
                            .intoArray(sums, at + lane);
                }
            }
        }
    }

    /// One pass over a row in each of three streams, for four queries.
    private static void tileLanes(
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
        FloatVector a00 = FloatVector.zero(SPECIES);
        FloatVector a01 = a00;
        FloatVector a02 = a00;
        FloatVector a10 = a00;
        FloatVector a11 = a00;
        FloatVector a12 = a00;
        FloatVector a20 = a00;
        FloatVector a21 = a00;
        FloatVector a22 = a00;
        FloatVector a30 = a00;
        FloatVector a31 = a00;
        FloatVector a32 = a00;
        for (int i = 0; i < stride; i += PADDING) {
            long p = 4L * i;
            FloatVector x0 = load(rows, offset + p);
            FloatVector x1 = load(rows, o1 + p);
            FloatVector x2 = load(rows, o2 + p);
            FloatVector v = FloatVector.fromArray(SPECIES, queries, from + i);
            a00 = a00.add(v.mul(x0));
            a01 = a01.add(v.mul(x1));
            a02 = a02.add(v.mul(x2));
            v = FloatVector.fromArray(SPECIES, queries, from + i + stride);
            a10 = a10.add(v.mul(x0));
            a11 = a11.add(v.mul(x1));
            a12 = a12.add(v.mul(x2));
            v = FloatVector.fromArray(SPECIES, queries, from + i + 2 * stride);
            a20 = a20.add(v.mul(x0));
            a21 = a21.add(v.mul(x1));
            a22 = a22.add(v.mul(x2));
            v = FloatVector.fromArray(SPECIES, queries, from + i + 3 * stride);
            a30 = a30.add(v.mul(x0));
            a31 = a31.add(v.mul(x1));
            a32 = a32.add(v.mul(x2));
        }
        a00.intoArray(sums, at);
        a01.intoArray(sums, at + TILE * PADDING);
        a02.intoArray(sums, at + 2 * TILE * PADDING);
        a10.intoArray(sums, at + 3 * TILE * PADDING);
        a11.intoArray(sums, at + 4 * TILE * PADDING);
        a12.intoArray(sums, at + 5 * TILE * PADDING);
        a20.intoArray(sums, at + 6 * TILE * PADDING);
        a21.intoArray(sums, at + 7 * TILE * PADDING);
        a22.intoArray(sums, at + 8 * TILE * PADDING);
        a30.intoArray(sums, at + 9 * TILE * PADDING);
        a31.intoArray(sums, at + 10 * TILE * PADDING);
        a32.intoArray(sums, at + 11 * TILE * PADDING);
    }

    @Override
    void fold(float[] sums, int first, int count, float[] out, int target) {
        for (int row = 0; row < count; row++) {
            int at = (first + row) * PADDING;
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
