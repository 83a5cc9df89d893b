package umem.engine.search;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/// The inner loops of exact search, in one of two forms chosen once a process: SIMD through the Vector API where the
/// module `jdk.incubator.vector` is present and the CPU has vectors of 256 bits or more, else scalar.
///
/// Every form adds up in the same order, without fused multiply-add: 16 partial sums `s[j] = sum of q[16i+j] *
/// x[16i+j]`, then `t[j] = s[j] + s[j+8]`, then `((t0+t4) + (t2+t6)) + ((t1+t5) + (t3+t7))`. So a score is the same
/// bits in every form, before and after the JIT compiler ran, at every position in an index and on every machine, and
/// so are rankings. It costs nothing that can be measured: the scan waits for memory.
///
/// Rows and query are padded with zeros to a multiple of 16 values, which adds nothing to a sum and saves a tail loop.
///
/// Stateless, safe for use by several threads.
public abstract sealed class SearchKernels permits ScalarKernels, VectorKernels {
    /// Partial sums a row, and the multiple that rows are padded to: 64 bytes.
    static final int PADDING = 16;

    /// Sums that a kernel leaves for a row.
    static final int LANES = 8;

    /// Rows of each stream that a kernel takes at once.
    static final int BLOCK = 32;

    /// Values of the scratch array that [#scores] needs.
    static final int SCRATCH = 4 * BLOCK * LANES;

    /// Forces a form: `vector`, `scalar`, or `auto` (the default).
    static final String PROPERTY = "umem.search.kernels";

    SearchKernels() {}

    /// The kernels of this process. The system property `umem.search.kernels` (`auto`, `vector`, `scalar`) overrides
    /// the choice; `vector` where there is none falls back to scalar and says so in the log.
    public static SearchKernels current() {
        return Chosen.KERNELS;
    }

    /// Width of the vectors in use in bits, 0 when scalar.
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
            four(query, rows, first * rowBytes, quarter * rowBytes, block, scratch);
            for (int stream = 0; stream < 4; stream++) {
                int target = stream * quarter + first;
                for (int row = 0; row < block; row++) {
                    out[target + row] = fold(scratch, (stream * BLOCK + row) * LANES);
                }
            }
        }
        for (int row = 4 * quarter; row < count; row++) {
            one(query, rows, row * rowBytes, scratch);
            out[row] = fold(scratch, 0);
        }
    }

    private static float fold(float[] t, int at) {
        return ((t[at] + t[at + 4]) + (t[at + 2] + t[at + 6])) + ((t[at + 1] + t[at + 5]) + (t[at + 3] + t[at + 7]));
    }

    /// Leaves the sums `t` of `count` rows in each of four streams, which start `distance` bytes apart, at
    /// `sums[(stream * BLOCK + row) * LANES]`.
    abstract void four(float[] query, MemorySegment rows, long offset, long distance, int count, float[] sums);

    /// Leaves the sums `t` of one row at `sums[0]`.
    abstract void one(float[] query, MemorySegment rows, long offset, float[] sums);

    private static final class Chosen {
        static final SearchKernels KERNELS = choose(System.getProperty(PROPERTY, "auto"));

        private static SearchKernels choose(String wanted) {
            Logger log = System.getLogger(SearchKernels.class.getName());
            if (!wanted.equals("scalar")) {
                try {
                    // Without the module this is the first touch of its classes, and fails here.
                    if (VectorKernels.supported()) {
                        log.log(Level.DEBUG, "search: {0}-bit vectors", VectorKernels.BITS);
                        return new VectorKernels();
                    }
                } catch (LinkageError absent) {
                    log.log(
                            wanted.equals("vector") ? Level.WARNING : Level.INFO,
                            "search runs without SIMD, several times slower: start Java with --add-modules jdk.incubator.vector");
                    return new ScalarKernels();
                }
            }
            log.log(wanted.equals("vector") ? Level.WARNING : Level.DEBUG, "search: scalar");
            return new ScalarKernels();
        }
    }
}
