package umem.engine.search;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import umem.bindings.NativeMemory;
import umem.bindings.blas.Blas;

/// Batches by matrix products, which score a block of rows for all queries at once, several times faster than query by
/// query. Their scores differ in the last bits, so whatever comes within the error of a product of the worst hit so far
/// is scored again: the hits are those of single searches, bit for bit.
final class BlasBatch {
    /// Queries from which on the products win against batches in Java.
    static final int LEAST = 32;

    /// Queries of one product: with fewer, its preparation of the rows weighs more.
    private static final int QUERIES = 512;

    private final Blas blas;
    private final SearchKernels kernels = SearchKernels.current();
    private final CandidateKernels candidates = CandidateKernels.current();

    BlasBatch(Blas blas) {
        this.blas = blas;
    }

    /// @return null if so many queries are searched faster without, or there is no OpenBLAS
    static @Nullable BlasBatch forQueries(int count) {
        return count < LEAST ? null : Blas.installed().map(BlasBatch::new).orElse(null);
    }

    /// See [VectorIndex#search(MemorySegment, TopHits\[\])].
    ///
    /// @param norms of all rows
    /// @param threads how many to use at most, each for its own part of the queries
    void search(RowStore rows, RowNorms norms, MemorySegment queries, TopHits[] best, int threads) {
        int stride = rows.stride();
        float[] padded = new float[Math.multiplyExact(best.length, stride)];
        rows.requireRows(queries, best.length);
        for (int i = 0; i < best.length; i++) {
            rows.read(queries, i, best.length, padded, i * stride);
        }
        try (Arena arena = Arena.ofShared()) {
            MemorySegment matrix = NativeMemory.allocate(4L * padded.length, arena);
            MemorySegment.copy(padded, 0, matrix, ValueLayout.JAVA_FLOAT, 0, padded.length);
            Batch batch = new Batch(rows, norms, padded, matrix, best);
            long stamp = rows.beginRead();
            try {
                Workers.run(best.length, Math.clamp(best.length / LEAST, 1, threads), batch::search);
            } finally {
                rows.endRead(stamp);
            }
        }
    }

    private final class Batch {
        private final RowStore rows;
        private final RowNorms norms;
        private final float[] queries;
        private final MemorySegment matrix;
        private final TopHits[] best;
        private final double[] slacks;
        private final int stride;

        Batch(RowStore rows, RowNorms norms, float[] queries, MemorySegment matrix, TopHits[] best) {
            this.rows = rows;
            this.norms = norms;
            this.queries = queries;
            this.matrix = matrix;
            this.best = best;
            this.slacks = new double[best.length];
            this.stride = rows.stride();
        }

        /// Searches the queries `from` to `to - 1`.
        void search(int from, int to) {
            for (int i = from; i < to; i++) {
                best[i].begin();
                slacks[i] = Bounds.rounding(stride) * Bounds.norm(queries, i * stride, stride);
            }
            int size = rows.rows();
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment scores = NativeMemory.allocate(
                        4L * Math.min(QUERIES, to - from) * Math.clamp(size, 1, RowStore.ROWS), arena);
                for (int first = 0; first < size; first += RowStore.ROWS) {
                    for (int query = from; query < to; query += QUERIES) {
                        block(
                                first,
                                Math.min(RowStore.ROWS, size - first),
                                query,
                                Math.min(QUERIES, to - query),
                                scores);
                    }
                }
            }
            for (int i = from; i < to; i++) {
                best[i].end();
            }
        }

        private void block(int first, int count, int firstQuery, int queryCount, MemorySegment scores) {
            int chunk = first / RowStore.ROWS;
            blas.multiplyTransposed(
                    matrix.asSlice(4L * stride * firstQuery), queryCount, rows.chunk(chunk), count, stride, scores);
            double norm = norms.largest(chunk, count);
            for (int i = 0; i < queryCount; i++) {
                offer(first, count, scores, 4L * count * i, firstQuery + i, slacks[firstQuery + i] * norm);
            }
        }

        private void offer(int first, int count, MemorySegment scores, long offset, int query, double slack) {
            TopHits hits = best[query];
            MemorySegment chunk = rows.chunk(first / RowStore.ROWS);
            float[] sums = hits.scratch().sums();
            long[] ids = rows.ids();
            float threshold = least(hits, slack);
            int i = candidates.next(scores, offset, 0, count, threshold);
            while (i < count) {
                if (hits.accepts(ids[first + i])) {
                    float score = kernels.score(queries, query * stride, stride, chunk, rows.offset(first + i), sums);
                    if (score >= hits.threshold()) {
                        hits.offer(score, ids[first + i]);
                        threshold = least(hits, slack);
                    }
                }
                i = candidates.next(scores, offset, i + 1, count, threshold);
            }
        }

        /// The least score of a product that may stand for a hit.
        private static float least(TopHits hits, double slack) {
            return Math.nextDown((float) (hits.threshold() - slack - Bounds.TINY));
        }
    }
}
