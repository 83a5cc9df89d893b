package umem.bench.peers;

import java.util.stream.IntStream;
import org.apache.lucene.util.VectorUtil;
import org.apache.lucene.util.Version;
import umem.bench.peer.Search;
import umem.bench.peer.SearchEngine;
import umem.bench.peer.SearchIndex;
import umem.bench.peer.TopRows;
import umem.bench.peer.Vectors;

/// Lucene's SIMD kernel over rows on the heap, as Lucene programs hold them.
public final class LuceneScan implements SearchEngine {
    /// For the service loader.
    public LuceneScan() {}

    @Override
    public String name() {
        return "lucene-vectorutil";
    }

    @Override
    public String version() {
        return Version.LATEST.toString();
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
        return rows * (4L * dimension + 24);
    }

    @Override
    public SearchIndex open(Vectors rows, Vectors queries, int k) {
        float[][] values = arrays(rows);
        float[][] wanted = arrays(queries);
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

    static float[][] arrays(Vectors vectors) {
        return IntStream.range(0, vectors.count()).mapToObj(vectors::row).toArray(float[][]::new);
    }

    private static void scan(float[] query, float[][] rows, TopRows best) {
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
