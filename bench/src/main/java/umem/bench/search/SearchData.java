package umem.bench.search;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import umem.bench.peer.Vectors;

/// What is searched and what is searched for.
///
/// @param arena owns both; any thread may read
/// @param rows what is searched
/// @param queries what is searched for; at least [SearchRun#QUERIES], the first [#distinct()] of them different
/// @param distinct how many queries differ
record SearchData(Arena arena, Vectors rows, Vectors queries, int distinct) implements AutoCloseable {
    /// Of real vectors every so many is a query and not a row.
    private static final int QUERY_EVERY = 10;

    /// Made-up vectors.
    static SearchData clustered(int rows, int dimension) {
        Arena arena = Arena.ofShared();
        ClusteredVectors source = new ClusteredVectors(dimension);
        return new SearchData(
                arena, source.draw(rows, 0, arena), source.draw(SearchRun.QUERIES, 1, arena), SearchRun.QUERIES);
    }

    /// Real vectors: nine of ten are the rows, the others the queries.
    ///
    /// @param all at least 100
    static SearchData split(Vectors all) {
        Arena arena = Arena.ofShared();
        int distinct = Math.min(SearchRun.QUERIES, all.count() / QUERY_EVERY);
        int count = all.count() - all.count() / QUERY_EVERY;
        MemorySegment rows = arena.allocate(all.rowBytes() * count, 64);
        MemorySegment queries = arena.allocate(all.rowBytes() * SearchRun.QUERIES, 64);
        int row = 0;
        int query = 0;
        for (int i = 0; i < all.count(); i++) {
            if (i % QUERY_EVERY == QUERY_EVERY - 1) {
                if (query < distinct) {
                    MemorySegment.copy(all.rows(i, 1), 0, queries, all.rowBytes() * query++, all.rowBytes());
                }
            } else {
                MemorySegment.copy(all.rows(i, 1), 0, rows, all.rowBytes() * row++, all.rowBytes());
            }
        }
        for (int i = distinct; i < SearchRun.QUERIES; i++) {
            MemorySegment.copy(queries, all.rowBytes() * (i % distinct), queries, all.rowBytes() * i, all.rowBytes());
        }
        return new SearchData(
                arena,
                new Vectors(count, all.dimension(), rows),
                new Vectors(SearchRun.QUERIES, all.dimension(), queries),
                distinct);
    }

    @Override
    public void close() {
        arena.close();
    }
}
