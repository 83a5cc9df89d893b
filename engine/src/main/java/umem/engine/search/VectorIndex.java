package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
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

    /// Adds many rows, all or none.
    ///
    /// @param ids one for each row, none taken or twice
    /// @param rows `ids.length` consecutive rows, all values finite
    /// @throws IllegalArgumentException as [#add]
    void addAll(long[] ids, MemorySegment rows);

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

    /// Finds the rows of highest score, without allocating once caller and index are warm.
    ///
    /// @param query the query, all values finite
    /// @param best receives the hits; says how many, the least score, and which ids are accepted. Equal scores come by
    ///     ascending id, so the result depends on the rows alone and not on the order in which they came
    /// @throws IllegalArgumentException if the query has a wrong size or a value that is not finite
    void search(MemorySegment query, TopHits best);

    /// Finds the rows of highest score for each query of a batch: at most as slow as one by one, and several times
    /// faster where the index can share the reading of rows. An approximate index may find other rows than one by one.
    ///
    /// @param queries `best.length` consecutive queries of [#dimension()] values, all finite
    /// @param best one for each query, no two the same object
    /// @throws IllegalArgumentException if the queries have a wrong size or a value that is not finite
    void search(MemorySegment queries, TopHits[] best);

    /// Finds every row of at least a score, exactly, whatever the index.
    ///
    /// @param query the query, all values finite
    /// @param minScore the least score
    /// @return all such rows, best first, equal scores by ascending id
    /// @throws IllegalArgumentException if `minScore` is NaN, or the query has a wrong size or a value that is not
    ///     finite
    List<Hit> range(MemorySegment query, float minScore);

    /// Saves rows and ids to a file, which appears, or replaces an older one, once it is whole and on the disk.
    ///
    /// @throws umem.error.UmemException of kind STORAGE if the file cannot be written
    void save(Path file);

    /// What searches, in a few words for reports: `flat float32`, `flat int8, rescored`.
    String description();

    /// [#search(MemorySegment, TopHits)] into a new list.
    ///
    /// @param k how many rows to return at most, at least 1
    /// @param minScore rows below it are left out; [Float#NEGATIVE_INFINITY] for no limit
    /// @param accepted rows whose id it rejects are left out; called under the index's lock, so it must not call the
    ///     index
    /// @return at most `k` hits, best first, equal scores by ascending id
    /// @throws IllegalArgumentException if `k` is below 1, `minScore` is NaN, or the query has a wrong size or a value
    ///     that is not finite
    default List<Hit> search(MemorySegment query, int k, float minScore, LongPredicate accepted) {
        // Not more than there are rows: a huge k would only cost memory.
        TopHits best = new TopHits(k < 1 ? k : Math.clamp(size(), 1, k)).only(minScore, accepted);
        search(query, best);
        return best.toList();
    }

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
