package umem.bench.search;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import umem.bench.peer.Search;
import umem.bench.peer.SearchEngine;
import umem.bench.peer.SearchIndex;
import umem.bench.peer.Vectors;
import umem.engine.search.TopHits;
import umem.engine.search.VectorIndex;

/// An index of the engine.
///
/// @param name of the engine's index in the results
/// @param kind how it searches
/// @param bytesPerValue memory that a value of a row takes, in bytes
/// @param make makes an empty index of a dimension
/// @param settle is called when all rows but those of the delta are in
record OwnEngine(
        String name, Kind kind, double bytesPerValue, IntFunction<VectorIndex> make, Consumer<VectorIndex> settle)
        implements SearchEngine {
    /// Rows that are added at once.
    private static final int GROUP = 4096;
    /// One row in so many comes after the others have settled.
    private static final int DELTA = 100;

    /// An index that has nothing to settle.
    OwnEngine(String name, Kind kind, double bytesPerValue, IntFunction<VectorIndex> make) {
        this(name, kind, bytesPerValue, make, index -> {});
    }

    @Override
    public String version() {
        return "this tree";
    }

    @Override
    public boolean batches() {
        return true;
    }

    @Override
    public long heapBytes(int rows, int dimension) {
        // Ids, and the map from them to rows.
        return 80L * rows;
    }

    @Override
    public long nativeBytes(int rows, int dimension) {
        return (long) (bytesPerValue * rows * dimension);
    }

    /// An index that holds the rows, each under its number.
    VectorIndex filled(Vectors rows) {
        VectorIndex index = make.apply(rows.dimension());
        try {
            int delta = rows.count() / DELTA;
            add(index, rows, 0, rows.count() - delta);
            settle.accept(index);
            add(index, rows, rows.count() - delta, rows.count());
            return index;
        } catch (Throwable e) {
            index.close();
            throw e;
        }
    }

    private static void add(VectorIndex index, Vectors rows, int from, int to) {
        for (int first = from; first < to; first += GROUP) {
            int end = Math.min(to, first + GROUP);
            index.addAll(LongStream.range(first, end).toArray(), rows.rows(first, end - first));
        }
    }

    @Override
    public SearchIndex open(Vectors rows, Vectors queries, int k) {
        return new Opened(filled(rows), queries, k);
    }

    private record Opened(VectorIndex index, Vectors queries, int k) implements SearchIndex {
        @Override
        public Search search(int batch, int effort) {
            TopHits[] best =
                    IntStream.range(0, batch).mapToObj(i -> new TopHits(k)).toArray(TopHits[]::new);
            MemorySegment[] starts = IntStream.rangeClosed(0, queries.count() - batch)
                    .mapToObj(first -> queries.rows(first, batch))
                    .toArray(MemorySegment[]::new);
            return (first, ids) -> {
                if (batch == 1) {
                    index.search(starts[first], best[0]);
                } else {
                    index.search(starts[first], best);
                }
                for (int i = 0; i < batch; i++) {
                    for (int rank = 0; rank < k; rank++) {
                        ids[i * k + rank] = rank < best[i].size() ? best[i].id(rank) : -1;
                    }
                }
            };
        }

        @Override
        public void close() {
            index.close();
        }
    }
}
