package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// The scan over codes: it scores exactly only rows whose codes say that they may be hits, with the result of
/// [FlatScan], bit for bit. Safe for use by several threads, as the store is.
final class CodeScan {
    /// Where the hits wanted are more than one in so many rows, too many rows would be scored twice.
    private static final int FEW = 16;

    private final RowStore rows;
    private final RowCodes codes;
    private final SearchKernels kernels = SearchKernels.current();
    private final CandidateKernels candidates = CandidateKernels.current();

    CodeScan(RowStore rows, RowCodes codes) {
        this.rows = rows;
        this.codes = codes;
    }

    /// See [VectorIndex#search(MemorySegment, TopHits)].
    void search(MemorySegment query, TopHits best) {
        read(query, 0, 1, best.scratch());
        long stamp = rows.beginRead();
        try {
            int coded = begin(best);
            for (int first = 0; first < rows.rows(); first += RowStore.ROWS) {
                scan(first, first < coded, best);
            }
            best.end();
        } finally {
            rows.endRead(stamp);
        }
    }

    /// See [VectorIndex#search(MemorySegment, TopHits\[\])]: the queries share a chunk while it is in the caches.
    void search(MemorySegment queries, TopHits[] best) {
        rows.requireRows(queries, best.length);
        for (int i = 0; i < best.length; i++) {
            read(queries, i, best.length, best[i].scratch());
        }
        long stamp = rows.beginRead();
        try {
            int[] coded = new int[best.length];
            for (int i = 0; i < best.length; i++) {
                coded[i] = begin(best[i]);
            }
            for (int first = 0; first < rows.rows(); first += RowStore.ROWS) {
                for (int i = 0; i < best.length; i++) {
                    scan(first, first < coded[i], best[i]);
                }
            }
            for (TopHits hits : best) {
                hits.end();
            }
        } finally {
            rows.endRead(stamp);
        }
    }

    private void read(MemorySegment queries, int index, int count, SearchScratch scratch) {
        float[] padded = scratch.queries(rows.stride());
        rows.read(queries, index, count, padded, 0);
        scratch.coded().set(padded, codes.quantisation(), rows.dimension());
    }

    /// @return positions below it are to be searched by their codes
    private int begin(TopHits best) {
        best.begin();
        return best.k() > rows.rows() / FEW ? 0 : codedRows();
    }

    /// Rows that have codes, in whole chunks. Between [RowStore#beginRead()] and its end.
    int codedRows() {
        int coded = codes.coded();
        return coded >= rows.rows() ? rows.rows() : coded - coded % RowStore.ROWS;
    }

    private void scan(int first, boolean coded, TopHits best) {
        SearchScratch scratch = best.scratch();
        float[] scores = scratch.scores();
        int count = Math.min(RowStore.ROWS, rows.rows() - first);
        if (!coded) {
            MemorySegment chunk = rows.chunk(first / RowStore.ROWS);
            kernels.scores(scratch.coded().values(), chunk, count, scores, scratch.sums());
            best.offer(scores, 0, count, rows.ids(), first);
            return;
        }
        bounds(first, count, scratch);
        float threshold = best.threshold();
        for (int i = 0; i < count; i++) {
            // Not `>=`: a bound that is NaN says nothing.
            if (!(scores[i] < threshold) && best.accepts(rows.ids()[first + i])) {
                float score = exact(first + i, scratch);
                if (score >= threshold) {
                    best.offer(score, rows.ids()[first + i]);
                    threshold = best.threshold();
                }
            }
        }
    }

    private void bounds(int first, int count, SearchScratch scratch) {
        int chunk = first / RowStore.ROWS;
        scratch.coded().bounds(candidates, codes.chunk(chunk), codes.norms().chunk(chunk), count, scratch.scores());
    }

    private float exact(int position, SearchScratch scratch) {
        float[] query = scratch.coded().values();
        MemorySegment chunk = rows.chunk(position / RowStore.ROWS);
        return kernels.score(query, 0, query.length, chunk, rows.offset(position), scratch.sums());
    }

    /// See [VectorIndex#range].
    List<Hit> range(MemorySegment query, float minScore) {
        if (Float.isNaN(minScore)) {
            throw new IllegalArgumentException("minScore is NaN");
        }
        SearchScratch scratch = new SearchScratch();
        read(query, 0, 1, scratch);
        List<Hit> hits = new ArrayList<>();
        long stamp = rows.beginRead();
        try {
            int coded = codedRows();
            for (int first = 0; first < rows.rows(); first += RowStore.ROWS) {
                int count = Math.min(RowStore.ROWS, rows.rows() - first);
                if (first < coded) {
                    bounds(first, count, scratch);
                }
                for (int i = 0; i < count; i++) {
                    if (first >= coded || !(scratch.scores()[i] < minScore)) {
                        float score = exact(first + i, scratch);
                        if (score >= minScore) {
                            hits.add(new Hit(rows.ids()[first + i], score));
                        }
                    }
                }
            }
        } finally {
            rows.endRead(stamp);
        }
        hits.sort(FlatScan.RANKING);
        return List.copyOf(hits);
    }
}
