package umem.bench.peers;

import io.github.jbellis.jvector.vector.VectorUtil;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import umem.bench.peer.Search;
import umem.bench.peer.SearchEngine;
import umem.bench.peer.SearchIndex;
import umem.bench.peer.TopRows;
import umem.bench.peer.Vectors;

/// JVector's SIMD kernel, with the provider that it chooses itself.
public final class JVectorScan implements SearchEngine {
    /// For the service loader.
    public JVectorScan() {}

    @Override
    public String name() {
        return "jvector-vectorutil";
    }

    @Override
    public String version() {
        return JVectorRows.VERSION;
    }

    @Override
    public Kind kind() {
        return Kind.SCAN;
    }

    @Override
    public boolean batches() {
        return false;
    }

    @Override
    public long heapBytes(int rows, int dimension) {
        return JVectorRows.heapBytes(rows, dimension);
    }

    @Override
    public SearchIndex open(Vectors rows, Vectors queries, int k) {
        VectorFloat<?>[] values = JVectorRows.of(rows).toArray(VectorFloat<?>[]::new);
        VectorFloat<?>[] wanted = JVectorRows.of(queries).toArray(VectorFloat<?>[]::new);
        return new SearchIndex() {
            @Override
            public Search search(int batch, int effort) {
                TopRows best = new TopRows(k);
                return (first, ids) -> {
                    for (int i = 0; i < batch; i++) {
                        scan(wanted[first + i], values, best);
                        best.drain(ids, i * k);
                    }
                };
            }

            @Override
            public void close() {}
        };
    }

    private static void scan(VectorFloat<?> query, VectorFloat<?>[] rows, TopRows best) {
        best.clear();
        float threshold = best.threshold();
        for (int row = 0; row < rows.length; row++) {
            float score = VectorUtil.dotProduct(query, rows[row]);
            if (score > threshold) {
                best.offer(row, score);
                threshold = best.threshold();
            }
        }
    }
}
