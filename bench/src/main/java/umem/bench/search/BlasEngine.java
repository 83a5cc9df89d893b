package umem.bench.search;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;
import umem.bench.peer.Search;
import umem.bench.peer.SearchEngine;
import umem.bench.peer.SearchIndex;
import umem.bench.peer.TopRows;
import umem.bench.peer.Vectors;
import umem.bindings.blas.Blas;

/// OpenBLAS's matrix product of a batch with blocks of rows, and the best of its columns: what one would write without
/// an index. It searches the rows where they lie.
///
/// @param blas the system's
record BlasEngine(Blas blas) implements SearchEngine {
    private static final int BLOCK = 1024;

    @Override
    public String name() {
        return "openblas-sgemm";
    }

    @Override
    public String version() {
        return blas.configuration();
    }

    @Override
    public Kind kind() {
        return Kind.SCAN;
    }

    @Override
    public boolean batches() {
        return true;
    }

    @Override
    public long heapBytes(int rows, int dimension) {
        return 0;
    }

    @Override
    public SearchIndex open(Vectors rows, Vectors queries, int k) {
        return new SearchIndex() {
            @Override
            public Search search(int batch, int effort) {
                return new Products(blas, rows, queries, batch, k);
            }

            @Override
            public void close() {}
        };
    }

    private static final class Products implements Search {
        private final Blas blas;
        private final Vectors rows;
        private final Vectors queries;
        private final int batch;
        private final TopRows[] best;
        private final MemorySegment products;
        private final float[] scores = new float[BLOCK];

        Products(Blas blas, Vectors rows, Vectors queries, int batch, int k) {
            this.blas = blas;
            this.rows = rows;
            this.queries = queries;
            this.batch = batch;
            this.best = IntStream.range(0, batch).mapToObj(i -> new TopRows(k)).toArray(TopRows[]::new);
            this.products = Arena.ofAuto().allocate(4L * BLOCK * batch, 64);
        }

        @Override
        public void run(int first, long[] ids) {
            MemorySegment wanted = queries.rows(first, batch);
            for (int row = 0; row < rows.count(); row += BLOCK) {
                int count = Math.min(BLOCK, rows.count() - row);
                blas.multiplyTransposed(wanted, batch, rows.rows(row, count), count, rows.dimension(), products);
                for (int i = 0; i < batch; i++) {
                    MemorySegment.copy(products, ValueLayout.JAVA_FLOAT, 4L * i * count, scores, 0, count);
                    offer(best[i], row, count);
                }
            }
            int k = ids.length / batch;
            for (int i = 0; i < batch; i++) {
                best[i].drain(ids, i * k);
            }
        }

        private void offer(TopRows top, int firstRow, int count) {
            float threshold = top.threshold();
            for (int i = 0; i < count; i++) {
                if (scores[i] > threshold) {
                    top.offer(firstRow + i, scores[i]);
                    threshold = top.threshold();
                }
            }
        }
    }
}
