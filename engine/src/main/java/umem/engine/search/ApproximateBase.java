package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import umem.bindings.faiss.FaissIndex;

/// The rows of some moment in an index of FAISS, under numbers from 0, with the caller's id of each; and what came of
/// them since. Rows that were changed or removed are marked as gone: FAISS can remove none from a graph. Those that
/// were
/// added or changed are in the delta, a flat index.
///
/// Any number of threads may search it at once; a change excludes searches and other changes.
final class ApproximateBase implements AutoCloseable {
    private final String description;
    private final FaissIndex faiss;
    private final long[] ids;
    private final IdMap numbers = new IdMap();
    private final BitSet gone;
    private final FlatIndex delta;
    private int goneCount;

    /// @param description FAISS's factory string
    /// @param faiss its rows' ids are numbers from 0
    /// @param ids by number; it may be longer
    ApproximateBase(String description, FaissIndex faiss, long[] ids, int count) {
        this(description, faiss, ids, count, new BitSet());
    }

    /// @param gone which rows are gone, by number; their ids may come again
    ApproximateBase(String description, FaissIndex faiss, long[] ids, int count, BitSet gone) {
        this.description = description;
        this.faiss = faiss;
        this.ids = ids;
        this.delta = new FlatIndex(faiss.dimension());
        numbers.reserve(count);
        this.gone = gone;
        this.goneCount = gone.cardinality();
        for (int number = gone.nextClearBit(0); number < count; number = gone.nextClearBit(number + 1)) {
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

    /// Rows added or changed since.
    FlatIndex delta() {
        return delta;
    }

    /// Rows that are not as they were, and new ones.
    long changes() {
        return (long) delta.size() + goneCount;
    }

    /// Puts into the delta what the store has besides the rows that are not gone, and marks as gone what it lacks.
    void follow(RowStore store) {
        long[] there;
        long stamp = store.beginRead();
        try {
            there = Arrays.copyOf(store.ids(), store.rows());
        } finally {
            store.endRead(stamp);
        }
        for (long id : there) {
            if (numbers.get(id) < 0) {
                put(id, MemorySegment.ofArray(store.row(id)));
            }
        }
        for (long id : ids) {
            if (!store.contains(id)) {
                drop(id);
            }
        }
    }

    /// A row was added or changed.
    void put(long id, MemorySegment row) {
        if (delta.contains(id)) {
            delta.update(id, row);
        } else {
            delta.add(id, row);
        }
        drop(id);
    }

    /// A row was removed.
    void remove(long id) {
        delta.remove(id);
        drop(id);
    }

    /// Marks the row of an id as gone, if it is there.
    private void drop(long id) {
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

    /// Where [ApproximateFile] finds the parts.
    FaissIndex faiss() {
        return faiss;
    }

    long[] ids() {
        return ids;
    }

    BitSet gone() {
        return gone;
    }

    @Override
    public void close() {
        delta.close();
        faiss.close();
    }
}
