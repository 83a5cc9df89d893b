package umem.engine.search;

import java.lang.foreign.MemorySegment;

/// The inner loops that find the rows which a search has to score exactly, in the form that [SearchKernels] chose for
/// the process.
///
/// int8 sums are whole numbers, equal in every form. bf16 sums are added up in an order of each form's own: they only
/// decide which rows are scored exactly, with a margin that covers every order ([Bounds]).
///
/// Stateless, safe for use by several threads.
abstract sealed class CandidateKernels permits ScalarCandidateKernels, VectorCandidateKernels {
    /// Bytes that a coded row is padded to a multiple of, with zeros.
    static final int PADDING = 64;

    /// The most values of an int8 row: sums of 127 * 127 stay within an int.
    static final int MAX_INT8 = 1 << 17;

    CandidateKernels() {}

    /// The kernels of this process.
    static CandidateKernels current() {
        return Chosen.KERNELS;
    }

    /// Inner products of consecutive int8 rows, walked as four distant streams like [SearchKernels#scores].
    ///
    /// @param query whole numbers of -127 to 127, as many as a padded row has bytes
    /// @param codes padded rows, native memory
    /// @param quarter a quarter of the rows
    /// @param out receives `4 * quarter` sums
    abstract void int8(short[] query, MemorySegment codes, int quarter, float[] out);

    /// Inner products of consecutive bf16 rows, walked as four distant streams.
    ///
    /// @param even the query's values 0, 2, 4..., as many as a padded row has pairs
    /// @param odd the query's values 1, 3, 5...
    /// @param codes padded rows, native memory
    /// @param quarter a quarter of the rows
    /// @param out receives `4 * quarter` sums
    abstract void bf16(float[] even, float[] odd, MemorySegment codes, int quarter, float[] out);

    /// The first of some scores, from `from` on, that is not below a threshold (NaN is not).
    ///
    /// @param scores native memory
    /// @param offset where score 0 lies, in bytes
    /// @return its index, or `count` if there is none
    abstract int next(MemorySegment scores, long offset, int from, int count, float threshold);

    private static final class Chosen {
        static final CandidateKernels KERNELS = SearchKernels.current().vectorBits() < 128
                ? new ScalarCandidateKernels()
                : new VectorCandidateKernels();
    }
}
