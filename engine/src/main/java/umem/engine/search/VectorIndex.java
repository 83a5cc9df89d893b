package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.LongPredicate;

/// Rows of float32, found by their inner product with a query. With rows and queries of unit length, as an
/// [umem.engine.embedding.Encoder] makes them, the score is the cosine of spec section 2.
///
/// A row is a segment of exactly `dimension() * 4` bytes of native-order float32, on or off the heap, of any alignment;
/// it is copied, never kept. Ids are the caller's own: any `long`, stable until removed.
///
/// Thread rule: any number of threads may search at once; a change excludes searches and other changes. All methods may
/// be called from any thread. After [#close()] every method but `close` throws [IllegalStateException].
public interface VectorIndex extends AutoCloseable {

    /// Values a row, at least 1.
    int dimension();

    /// Rows held, at least 0.
    int size();

    /// Whether a row has this id.
    boolean contains(long id);

    /// Adds a row.
    ///
    /// @param id an id that no row has
    /// @param row the values, all finite
    /// @throws IllegalArgumentException if the id is taken, the size of `row` is wrong, or a value is NaN or infinite
    void add(long id, MemorySegment row);

    /// Overwrites a row in place.
    ///
    /// @param id the id of a row
    /// @param row the new values, all finite
    /// @throws IllegalArgumentException if no row has the id, the size of `row` is wrong, or a value is NaN or infinite
    void update(long id, MemorySegment row);

    /// Removes a row.
    ///
    /// @return false if no row had the id
    boolean remove(long id);

    /// Copies a row out.
    ///
    /// @return a new array of length [#dimension()]
    /// @throws IllegalArgumentException if no row has the id
    float[] row(long id);

    /// Finds the rows of highest score.
    ///
    /// @param query the query, all values finite
    /// @param k how many rows to return at most, at least 1
    /// @param minScore rows below it are left out; [Float#NEGATIVE_INFINITY] for no limit
    /// @param accepted rows whose id it rejects are left out; called under the index's lock, so it must not call the
    ///     index
    /// @return at most `k` hits, best first; equal scores by ascending id, so the result depends on the rows alone and
    ///     not on the order in which they came
    /// @throws IllegalArgumentException if `k` is below 1, `minScore` is NaN, or the query has a wrong size or a value
    ///     that is not finite
    List<Hit> search(MemorySegment query, int k, float minScore, LongPredicate accepted);

    /// [#search(MemorySegment, int, float, LongPredicate)] over all rows.
    default List<Hit> search(MemorySegment query, int k, float minScore) {
        return search(query, k, minScore, id -> true);
    }

    /// [#add(long, MemorySegment)] from an array of length [#dimension()].
    default void add(long id, float[] row) {
        add(id, MemorySegment.ofArray(row));
    }

    /// [#update(long, MemorySegment)] from an array of length [#dimension()].
    default void update(long id, float[] row) {
        update(id, MemorySegment.ofArray(row));
    }

    /// [#search(MemorySegment, int, float)] with an array of length [#dimension()].
    default List<Hit> search(float[] query, int k, float minScore) {
        return search(MemorySegment.ofArray(query), k, minScore);
    }

    /// [#search(MemorySegment, int, float, LongPredicate)] with an array of length [#dimension()].
    default List<Hit> search(float[] query, int k, float minScore, LongPredicate accepted) {
        return search(MemorySegment.ofArray(query), k, minScore, accepted);
    }

    /// Frees the rows, once running searches have ended. Idempotent.
    @Override
    void close();
}
