package umem.engine.search;

import java.lang.foreign.MemorySegment;

/// The inner loops of exact search, in one of several forms chosen once a process: with SIMD vectors of 512, 256 or 128
/// bits, or scalar, as [VectorWidth] says.
///
/// Every form adds up in the same order, without fused multiply-add: 16 partial sums `s[j] = sum of q[16i+j] *
/// x[16i+j]`, then `t[j] = s[j] + s[j+8]`, then `((t0+t4) + (t2+t6)) + ((t1+t5) + (t3+t7))`. So a score is the same
/// bits in every form, for one query or a batch, before and after the JIT compiler ran, at every position in an index
/// and on every machine, and so are rankings. For one query it costs nothing that can be measured: the scan waits for
/// memory.
///
/// Rows and query are padded with zeros to a multiple of 16 values, which adds nothing to a sum and saves a tail loop.
///
/// Stateless, safe for use by several threads.
public abstract sealed class SearchKernels permits ScalarKernels, VectorKernels, WideVectorKernels {
    /// Partial sums a row, and the multiple that rows are padded to: 64 bytes.
    static final int PADDING = 16;

    /// Sums `t` that a kernel leaves for a row, in the first of [#PADDING] places.
    static final int LANES = 8;

    /// Rows of each stream that the kernels take at once.
    static final int BLOCK = 32;

    /// Queries that a tile takes at once.
    static final int QUERIES = 4;

    /// Rows of each stream that a tile takes at once: so few that their sums stay in the fastest cache.
    static final int TILE = 8;

    /// Values of the scratch array that the methods here need.
    static final int SCRATCH = 4 * BLOCK * PADDING;

    SearchKernels() {}

    /// The kernels of this process. The system property `umem.search.kernels` (`auto`, `scalar`, `128`, `256`, `512`)
    /// overrides the choice; a width that the CPU lacks falls back to scalar and says so in the log.
    public static SearchKernels current() {
        return Chosen.KERNELS;
    }

    /// Width of the vectors in use in bits: 512, 256 or 128, or 0 when scalar.
    public abstract int vectorBits();

    /// The inner product of two vectors of equal length, the same bits that a search computes for them.
    public static float dot(float[] a, float[] b) {
        if (a.length != b.length) {
            throw new IllegalArgumentException("lengths differ: " + a.length + " and " + b.length);
        }
        float[] sums = new float[PADDING];
        for (int i = 0; i < a.length; i++) {
            sums[i % PADDING] += a[i] * b[i];
        }
        for (int j = 0; j < LANES; j++) {
            sums[j] += sums[j + LANES];
        }
        return fold(sums, 0);
    }

    /// Length of a padded row of `dimension` values.
    static int stride(int dimension) {
        return Math.ceilDiv(dimension, PADDING) * PADDING;
    }

    /// Scores consecutive rows.
    ///
    /// The range is cut into quarters that are walked in lock-step: four distant streams of reads keep more cache lines
    /// under way than one, or than four adjacent rows of one page (1.3 to 2 times faster).
    ///
    /// @param query padded, its length is the stride
    /// @param rows padded rows, native memory
    /// @param count how many rows
    /// @param out receives `count` scores
    /// @param scratch at least [#SCRATCH] values
    final void scores(float[] query, MemorySegment rows, int count, float[] out, float[] scratch) {
        long rowBytes = 4L * query.length;
        int quarter = count / 4;
        for (int first = 0; first < quarter; first += BLOCK) {
            int block = Math.min(BLOCK, quarter - first);
            four(query, 0, query.length, rows, first * rowBytes, quarter * rowBytes, block, scratch);
            for (int stream = 0; stream < 4; stream++) {
                fold(scratch, stream * BLOCK, block, out, stream * quarter + first);
            }
        }
        for (int row = 4 * quarter; row < count; row++) {
            out[row] = score(query, 0, query.length, rows, row * rowBytes, scratch);
        }
    }

    /// Scores `count` rows in each of [#streams()] streams with [#QUERIES] queries, the same bits as [#scores].
    ///
    /// @param queries padded queries, one after the other
    /// @param from where the first of the four starts
    /// @param stride length of a padded query
    /// @param offset where the first stream starts in `rows`, in bytes
    /// @param distance from the start of a stream to that of the next, in bytes
    /// @param count rows of each stream, at most [#BLOCK]
    /// @param out receives the scores of query `q` and row `r` of stream `s` at `(q * streams() + s) * BLOCK + r`
    /// @param scratch at least [#SCRATCH] values
    final void scores(
            float[] queries,
            int from,
            int stride,
            MemorySegment rows,
            long offset,
            long distance,
            int count,
            float[] out,
            float[] scratch) {
        for (int first = 0; first < count; first += TILE) {
            int tile = Math.min(TILE, count - first);
            tile(queries, from, stride, rows, offset + 4L * stride * first, distance, tile, scratch);
            for (int pair = 0; pair < QUERIES * streams(); pair++) {
                fold(scratch, pair * TILE, tile, out, pair * BLOCK + first);
            }
        }
    }

    /// The score of one row, the same bits as [#scores].
    final float score(float[] queries, int from, int stride, MemorySegment rows, long offset, float[] scratch) {
        // Four streams that are one: a kernel of its own would never be hot enough to be compiled well.
        four(queries, from, stride, rows, offset, 0, 1, scratch);
        fold(scratch, 0, 1, scratch, 0);
        return scratch[0];
    }

    /// Adds up what [#four] and [#tile] left for rows `first` and after.
    void fold(float[] sums, int first, int count, float[] out, int target) {
        for (int row = 0; row < count; row++) {
            out[target + row] = fold(sums, (first + row) * PADDING);
        }
    }

    private static float fold(float[] t, int at) {
        return ((t[at] + t[at + 4]) + (t[at + 2] + t[at + 6])) + ((t[at + 1] + t[at + 5]) + (t[at + 3] + t[at + 7]));
    }

    /// Streams that a tile walks in lock-step, at most 4.
    abstract int streams();

    /// Leaves the sums of at most [#BLOCK] rows in each of four streams, which start `distance` bytes apart, for the
    /// query at `queries[from]`, at `sums[(stream * BLOCK + row) * PADDING]`: `t`, or `s` where [#fold] begins there.
    abstract void four(
            float[] queries,
            int from,
            int stride,
            MemorySegment rows,
            long offset,
            long distance,
            int count,
            float[] sums);

    /// Leaves the sums, as [#four], of at most [#TILE] rows in each of [#streams()] streams, for each of [#QUERIES]
    /// queries, at
    /// `sums[((query * streams() + stream) * TILE + row) * PADDING]`.
    abstract void tile(
            float[] queries,
            int from,
            int stride,
            MemorySegment rows,
            long offset,
            long distance,
            int count,
            float[] sums);

    private static final class Chosen {
        static final SearchKernels KERNELS = switch (VectorWidth.BITS) {
            case 0 -> new ScalarKernels();
            case 512 -> new WideVectorKernels();
            default -> new VectorKernels();
        };
    }
}
