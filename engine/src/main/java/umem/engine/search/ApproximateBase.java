package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import umem.bindings.faiss.FaissIndex;

/// The rows of some moment in an index of FAISS, under numbers from 0, with the caller's id of each. Rows that were
/// changed or removed since are marked as gone: FAISS can remove none from a graph.
///
/// Not safe for use by several threads while rows are marked as gone.
final class ApproximateBase implements AutoCloseable {
    private final String description;
    private final FaissIndex faiss;
    private final long[] ids;
    private final IdMap numbers = new IdMap();
    private final BitSet gone = new BitSet();
    private int goneCount;

    /// @param description FAISS's factory string
    /// @param faiss its rows' ids are numbers from 0
    /// @param ids by number; it may be longer
    ApproximateBase(String description, FaissIndex faiss, long[] ids, int count) {
        this.description = description;
        this.faiss = faiss;
        this.ids = ids;
        numbers.reserve(count);
        for (int number = 0; number < count; number++) {
            numbers.put(ids[number], number);
        }
    }

    /// Rows, with those that are gone.
    int size() {
        return (int) faiss.size();
    }

    /// Rows that are gone.
    int goneCount() {
        return goneCount;
    }

    /// FAISS's factory string.
    String description() {
        return description;
    }

    /// Marks the row of an id as gone, if it is there.
    void drop(long id) {
        int number = numbers.remove(id);
        if (number >= 0) {
            gone.set(number);
            goneCount++;
        }
    }

    /// The id of a row that is not gone.
    long id(int number) {
        return ids[number];
    }

    boolean isGone(int number) {
        return gone.get(number);
    }

    /// Finds the `k` nearest rows, gone or not, of each of `n` queries.
    ///
    /// @param queries native
    /// @param scores native, receives `n * k` scores, best first
    /// @param numbers native, receives `n * k` numbers, -1 where there is none
    void search(MemorySegment queries, int k, MemorySegment scores, MemorySegment numbers) {
        faiss.search(queries, k, scores, numbers);
    }

    @Override
    public void close() {
        faiss.close();
    }
}
