package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import umem.bindings.ggml.Backend;
import umem.bindings.ggml.Graph;
import umem.bindings.ggml.GraphBuilder;
import umem.bindings.ggml.Tensor;
import umem.bindings.ggml.TensorBuffer;
import umem.bindings.ggml.TensorType;

/// A fixed number of rows of half precision on a device, in segments of [#SEGMENT] rows, and the graphs that search
/// them.
///
/// A graph multiplies all rows with a batch of queries, takes the best of each segment, and the best of those. Sorting
/// by segments is what makes it fast on CUDA, which sorts whole rows of scores, in shared memory up to 1024 of them.
///
/// Owns a buffer of the device and up to [#MAX_GRAPHS] graphs. Thread rule: one thread at a time.
final class DeviceShard implements AutoCloseable {
    /// Rows a segment.
    static final int SEGMENT = 1024;

    private static final int MAX_GRAPHS = 4;

    /// Scores that a graph may hold at once: 256 MiB of them.
    private static final long MAX_SCORES = 1L << 26;

    private final Backend backend;
    private final int dimension;
    private final int segments;
    private final TensorBuffer buffer;
    private final Tensor rows;
    private final Map<Plan, Search> searches = new LinkedHashMap<>(16, 0.75f, true);

    /// @param segments how many it has room for
    DeviceShard(Backend backend, int dimension, int segments) {
        this.backend = backend;
        this.dimension = dimension;
        this.segments = segments;
        this.buffer = TensorBuffer.allocate(
                backend, List.of(new TensorBuffer.Plan(TensorType.F16, dimension, (long) segments * SEGMENT)));
        this.rows = buffer.tensor(0);
    }

    /// The most segments that ggml's 32-bit indices can number the values of.
    static int maxSegments(int dimension) {
        return Math.max(1, (int) (Integer.MAX_VALUE / ((long) dimension * SEGMENT)));
    }

    int segments() {
        return segments;
    }

    /// Writes consecutive rows.
    void write(long row, MemorySegment halves) {
        rows.set(2L * dimension * row, halves);
    }

    void read(long row, MemorySegment halves) {
        rows.get(2L * dimension * row, halves);
    }

    /// Queries that one search can take.
    static int maxQueries(int segments) {
        return (int) Math.clamp(MAX_SCORES / ((long) segments * SEGMENT), 1, 64);
    }

    /// Finds the best rows of the first segments.
    ///
    /// @param queries one after the other
    /// @param count of them, at most [#maxQueries]
    /// @param used segments, at least 1
    /// @param candidates rows to find a query, 1 to [#SEGMENT]
    Found search(float[] queries, int count, int used, int candidates) {
        // Few different graphs: the batch is filled up to a power of two.
        int batch = Math.min(maxQueries(used), count == 1 ? 1 : Integer.highestOneBit(count - 1) << 1);
        Search search = search(new Plan(used, batch, candidates));
        return search.run(queries, count * dimension);
    }

    private Search search(Plan plan) {
        Search known = searches.get(plan);
        if (known != null) {
            return known;
        }
        // Room first: graphs of large batches take much memory.
        if (searches.size() == MAX_GRAPHS) {
            Iterator<Search> oldest = searches.values().iterator();
            oldest.next().graph.close();
            oldest.remove();
        }
        Search search = new Search(plan);
        searches.put(plan, search);
        return search;
    }

    @Override
    public void close() {
        searches.values().forEach(search -> search.graph.close());
        searches.clear();
        buffer.close();
    }

    private record Plan(int segments, int batch, int candidates) {}

    /// What a search found for each query of the batch, one after the other, in no order.
    ///
    /// @param scores as the device computed them
    /// @param rows from the first of the shard
    record Found(float[] scores, int[] rows) {}

    private final class Search {
        private final Plan plan;
        private final Graph graph;
        private final Tensor queries;
        private final Tensor segment;
        private final Tensor position;
        private final Tensor score;
        private final float[] batch;

        Search(Plan plan) {
            this.plan = plan;
            this.batch = new float[dimension * plan.batch()];
            long width = plan.segments();
            long found = plan.candidates();
            try (GraphBuilder builder = new GraphBuilder(backend, 16)) {
                queries = builder.input(TensorType.F32, dimension, plan.batch());
                Tensor used = builder.rows(rows, 0, width * SEGMENT);
                Tensor scores = builder.mulMat(used, queries);
                Tensor parts = builder.reshape(scores, SEGMENT, width * plan.batch());
                Tensor best = builder.topK(parts, plan.candidates());
                Tensor bestScores = builder.getRows(builder.reshape(scores, 1, SEGMENT, width * plan.batch()), best);
                segment = builder.topK(builder.reshape(bestScores, found * width, plan.batch()), plan.candidates());
                score = builder.getRows(builder.reshape(bestScores, 1, found * width, plan.batch()), segment);
                position = builder.getRows(builder.reshape(best, 1, found * width, plan.batch()), segment);
                graph = builder.build(segment, score, position);
            }
        }

        Found run(float[] values, int length) {
            System.arraycopy(values, 0, batch, 0, length);
            queries.set(MemorySegment.ofArray(batch));
            graph.compute();
            int count = plan.candidates() * plan.batch();
            float[] scores = new float[count];
            int[] found = new int[count];
            int[] segments = new int[count];
            score.get(MemorySegment.ofArray(scores));
            position.get(MemorySegment.ofArray(found));
            segment.get(MemorySegment.ofArray(segments));
            for (int i = 0; i < count; i++) {
                found[i] += segments[i] / plan.candidates() * SEGMENT;
            }
            return new Found(scores, found);
        }
    }
}
