package umem.bench.peers;

import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.ImmutableGraphIndex;
import io.github.jbellis.jvector.graph.ListRandomAccessVectorValues;
import io.github.jbellis.jvector.graph.SearchResult;
import io.github.jbellis.jvector.graph.similarity.BuildScoreProvider;
import io.github.jbellis.jvector.graph.similarity.DefaultSearchScoreProvider;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.vector.VectorSimilarityFunction;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import java.util.List;
import umem.bench.peer.Search;
import umem.bench.peer.SearchEngine;
import umem.bench.peer.SearchIndex;
import umem.bench.peer.Vectors;

/// JVector's graph in memory, degree 32, beam 100.
public final class JVectorGraph implements SearchEngine {
    private static final VectorSimilarityFunction DOT = VectorSimilarityFunction.DOT_PRODUCT;
    private static final int DEGREE = 32;
    private static final int BEAM = 100;
    private static final float OVERFLOW = 1.2f;

    /// For the service loader.
    public JVectorGraph() {}

    @Override
    public String name() {
        return "jvector-graph";
    }

    @Override
    public String version() {
        return JVectorRows.VERSION;
    }

    @Override
    public Kind kind() {
        return Kind.GRAPH;
    }

    @Override
    public boolean batches() {
        return false;
    }

    @Override
    public long heapBytes(int rows, int dimension) {
        return JVectorRows.heapBytes(rows, dimension) + rows * 16L * DEGREE;
    }

    @Override
    public SearchIndex open(Vectors rows, Vectors queries, int k) {
        ListRandomAccessVectorValues values = JVectorRows.values(rows);
        List<VectorFloat<?>> wanted = JVectorRows.of(queries);
        GraphIndexBuilder builder = new GraphIndexBuilder(
                BuildScoreProvider.randomAccessScoreProvider(values, DOT),
                rows.dimension(),
                DEGREE,
                BEAM,
                OVERFLOW,
                OVERFLOW,
                true,
                true);
        ImmutableGraphIndex graph = builder.build(values);
        return new SearchIndex() {
            @Override
            public Search search(int batch, int effort) {
                GraphSearcher searcher = new GraphSearcher(graph);
                return (first, ids) -> {
                    for (int i = 0; i < batch; i++) {
                        SearchResult found = searcher.search(
                                DefaultSearchScoreProvider.exact(wanted.get(first + i), DOT, values),
                                k,
                                effort,
                                0,
                                0,
                                Bits.ALL);
                        SearchResult.NodeScore[] nodes = found.getNodes();
                        for (int rank = 0; rank < k; rank++) {
                            ids[i * k + rank] = rank < nodes.length ? nodes[rank].node : -1;
                        }
                    }
                };
            }

            @Override
            public void close() {
                try {
                    builder.close();
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }
        };
    }
}
