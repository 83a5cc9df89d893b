package umem.engine.search;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Searches a base and scores what it finds by the rows themselves, with the bits of an exact search. Keeps the memory
/// that it needs on the way from search to search.
///
/// Thread rule: one thread at a time.
final class ApproximateProbe {
    /// A base is asked for so many rows more than are wanted, and at least twice as many: it may know them by rounded
    /// values, and some may be gone.
    private static final int SLACK = 16;

    /// Beyond so many rows an exact scan is as fast, and better.
    private static final int MOST = 4096;

    /// How far two sums of the same products may lie apart, in relation to the score.
    private static final float ROUNDING = 1e-5f;

    private final RowStore rows;
    private final SearchKernels kernels;
    private final TopHits[] single = {new TopHits(1)};
    private final float[] query;
    private final float[] score = new float[1];
    private final float[] sums = new float[SearchKernels.SCRATCH];
    private float[] keptScores = {};
    private long[] keptIds = {};
    private int kept;
    private MemorySegment queries = MemorySegment.NULL;
    private MemorySegment scores = MemorySegment.NULL;
    private MemorySegment numbers = MemorySegment.NULL;

    ApproximateProbe(RowStore rows, SearchKernels kernels) {
        this.rows = rows;
        this.kernels = kernels;
        this.query = new float[rows.stride()];
    }

    /// Finds rows for a query.
    ///
    /// @param from the query, of finite values
    /// @param best holds the hits of the rows that are not in the base, and receives those that are
    /// @param exact searches all rows for a query where the base knows too few
    void search(ApproximateBase base, MemorySegment from, TopHits best, Exact exact) {
        single[0] = best;
        search(base, from, single, exact);
    }

    /// [#search(ApproximateBase, MemorySegment, TopHits, Exact)] for each query of a batch.
    void search(ApproximateBase base, MemorySegment from, TopHits[] best, Exact exact) {
        int count = best.length;
        int wanted = 0;
        for (TopHits hits : best) {
            wanted = Math.max(wanted, hits.k());
        }
        long queryBytes = 4L * rows.dimension();
        queries = grown(queries, count * queryBytes);
        MemorySegment.copy(from, 0, queries, 0, count * queryBytes);
        int k = asked(base, wanted);
        ask(base, 0, count, k);
        for (int i = 0; i < count; i++) {
            MemorySegment.copy(queries, ValueLayout.JAVA_FLOAT, i * queryBytes, query, 0, rows.dimension());
            keep(best[i]);
            if (!merged(base, best[i], (long) i * k, k)) {
                askMore(base, i, best[i], exact, from.asSlice(i * queryBytes, queryBytes));
                if (i + 1 < count) {
                    // The answers for the other queries were overwritten.
                    ask(base, 0, count, k);
                }
            }
        }
    }

    /// The exact search of all rows.
    @FunctionalInterface
    interface Exact {
        void search(MemorySegment query, TopHits best);
    }

    private static int asked(ApproximateBase base, int wanted) {
        return (int) Math.min(base.size(), Math.max(2L * wanted, (long) wanted + SLACK));
    }

    private void askMore(ApproximateBase base, int query, TopHits best, Exact exact, MemorySegment from) {
        for (int k = asked(base, best.k()); k < MOST && k < base.size(); ) {
            k = (int) Math.min(base.size(), 4L * k);
            ask(base, query, 1, k);
            if (merged(base, best, 0, k)) {
                return;
            }
        }
        exact.search(from, best);
    }

    private void ask(ApproximateBase base, int first, int count, int k) {
        scores = grown(scores, 4L * count * k);
        numbers = grown(numbers, 8L * count * k);
        long queryBytes = 4L * rows.dimension();
        base.search(queries.asSlice(first * queryBytes, count * queryBytes), k, scores, numbers);
    }

    /// Sets the hits so far aside, from where each attempt takes them.
    private void keep(TopHits best) {
        int size = best.size();
        if (size > keptIds.length) {
            keptIds = new long[best.k()];
            keptScores = new float[best.k()];
        }
        kept = size;
        for (int i = 0; i < size; i++) {
            keptIds[i] = best.id(i);
            keptScores[i] = best.score(i);
        }
    }

    /// Makes the hits anew of those set aside and `k` answers of the base.
    ///
    /// @return whether rows that the base did not name cannot belong to the hits
    private boolean merged(ApproximateBase base, TopHits best, long answer, int k) {
        best.begin();
        for (int i = 0; i < kept; i++) {
            best.offer(keptScores[i], keptIds[i]);
        }
        int found = 0;
        while (found < k) {
            long number = numbers.getAtIndex(ValueLayout.JAVA_LONG, answer + found);
            if (number < 0) {
                break;
            }
            found++;
            if (!base.isGone((int) number)) {
                offer(base.id((int) number), best);
            }
        }
        float threshold = best.threshold();
        best.end();
        if (found == base.size()) {
            return true;
        }
        float last = found == 0 ? Float.NaN : scores.getAtIndex(ValueLayout.JAVA_FLOAT, answer + found - 1);
        return last + ROUNDING * Math.max(1, Math.abs(last)) < threshold;
    }

    private void offer(long id, TopHits best) {
        long stamp = rows.beginRead();
        try {
            int position = rows.find(id);
            MemorySegment row = rows.chunk(position / RowStore.ROWS).asSlice(rows.offset(position), 4L * rows.stride());
            kernels.scores(query, row, 1, score, sums);
        } finally {
            rows.endRead(stamp);
        }
        if (score[0] >= best.threshold()) {
            best.offer(score[0], id);
        }
    }

    private static MemorySegment grown(MemorySegment segment, long bytes) {
        return segment.byteSize() >= bytes ? segment : Arena.ofAuto().allocate(bytes, 64);
    }
}
