package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The exact scan: every row of a store is scored. Safe for use by several threads, as the store is.
final class FlatScan {
    /// Rows of a batch that stay in the core's own cache while query after query passes over them, in bytes.
    private static final int CACHED_BYTES = 256 << 10;

    static final Comparator<Hit> RANKING =
            (a, b) -> a.score() == b.score() ? Long.compare(a.id(), b.id()) : Float.compare(b.score(), a.score());

    private final RowStore rows;
    private final SearchKernels kernels;

    FlatScan(RowStore rows, SearchKernels kernels) {
        this.rows = rows;
        this.kernels = kernels;
    }

    /// See [VectorIndex#search(MemorySegment, TopHits)].
    void search(MemorySegment query, TopHits best) {
        SearchScratch scratch = best.scratch();
        float[] padded = scratch.queries(rows.stride());
        rows.read(query, 0, 1, padded, 0);
        long stamp = rows.beginRead();
        try {
            best.begin();
            for (int first = 0; first < rows.rows(); first += RowStore.ROWS) {
                int count = Math.min(RowStore.ROWS, rows.rows() - first);
                kernels.scores(padded, rows.chunk(first / RowStore.ROWS), count, scratch.scores(), scratch.sums());
                best.offer(scratch.scores(), 0, count, rows.ids(), first);
            }
            best.end();
        } finally {
            rows.endRead(stamp);
        }
    }

    /// See [VectorIndex#search(MemorySegment, TopHits\[\])]: each row is read from memory once for all queries.
    void search(MemorySegment queries, TopHits[] best) {
        if (best.length == 0) {
            rows.requireRows(queries, 0);
            return;
        }
        if (best.length == 1) {
            search(queries, best[0]);
            return;
        }
        int stride = rows.stride();
        int quads = Math.ceilDiv(best.length, SearchKernels.QUERIES);
        SearchScratch scratch = best[0].scratch();
        float[] padded = scratch.queries(Math.multiplyExact(quads * SearchKernels.QUERIES, stride));
        for (int i = 0; i < best.length; i++) {
            rows.read(queries, i, best.length, padded, i * stride);
        }
        long stamp = rows.beginRead();
        try {
            for (TopHits hits : best) {
                hits.begin();
            }
            for (int first = 0; first < rows.rows(); first += RowStore.ROWS) {
                batch(padded, best, first, Math.min(RowStore.ROWS, rows.rows() - first), scratch);
            }
            for (TopHits hits : best) {
                hits.end();
            }
        } finally {
            rows.endRead(stamp);
        }
    }

    /// One chunk of a batch.
    private void batch(float[] queries, TopHits[] best, int position, int count, SearchScratch scratch) {
        MemorySegment chunk = rows.chunk(position / RowStore.ROWS);
        int stride = rows.stride();
        long rowBytes = 4L * stride;
        int streams = kernels.streams();
        int run = count / streams;
        int block = Math.clamp(CACHED_BYTES / (streams * rowBytes), 1, SearchKernels.BLOCK);
        for (int from = 0; from < run; from += block) {
            int some = Math.min(block, run - from);
            for (int quad = 0; quad < best.length; quad += SearchKernels.QUERIES) {
                kernels.scores(
                        queries,
                        quad * stride,
                        stride,
                        chunk,
                        from * rowBytes,
                        run * rowBytes,
                        some,
                        scratch.scores(),
                        scratch.sums());
                int real = Math.min(SearchKernels.QUERIES, best.length - quad);
                for (int pair = 0; pair < real * streams; pair++) {
                    best[quad + pair / streams].offer(
                            scratch.scores(),
                            pair * SearchKernels.BLOCK,
                            some,
                            rows.ids(),
                            position + pair % streams * run + from);
                }
            }
        }
        for (int row = streams * run; row < count; row++) {
            for (int query = 0; query < best.length; query++) {
                scratch.scores()[0] =
                        kernels.score(queries, query * stride, stride, chunk, row * rowBytes, scratch.sums());
                best[query].offer(scratch.scores(), 0, 1, rows.ids(), position + row);
            }
        }
    }

    /// See [VectorIndex#range].
    List<Hit> range(MemorySegment query, float minScore) {
        if (Float.isNaN(minScore)) {
            throw new IllegalArgumentException("minScore is NaN");
        }
        float[] padded = new float[rows.stride()];
        rows.read(query, 0, 1, padded, 0);
        float[] scores = new float[RowStore.ROWS];
        float[] sums = new float[SearchKernels.SCRATCH];
        List<Hit> hits = new ArrayList<>();
        long stamp = rows.beginRead();
        try {
            for (int first = 0; first < rows.rows(); first += RowStore.ROWS) {
                int count = Math.min(RowStore.ROWS, rows.rows() - first);
                kernels.scores(padded, rows.chunk(first / RowStore.ROWS), count, scores, sums);
                for (int i = 0; i < count; i++) {
                    if (scores[i] >= minScore) {
                        hits.add(new Hit(rows.ids()[first + i], scores[i]));
                    }
                }
            }
        } finally {
            rows.endRead(stamp);
        }
        hits.sort(RANKING);
        return List.copyOf(hits);
    }
}
