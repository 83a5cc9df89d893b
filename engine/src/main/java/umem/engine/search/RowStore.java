package umem.engine.search;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;
import umem.bindings.NativeMemory;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The rows of an index and their ids: everything that exact indexes have in common but the search.
///
/// Rows lie at the positions 0 to `size - 1`, padded with zeros to [#stride()] values, in native chunks of [#ROWS]
/// rows,
/// 64-byte aligned. The store grows by a chunk and never by a copy, and keeps its chunks when rows go. New rows come
/// last;
/// the last row fills the hole of a removed one.
///
/// Thread rule: the methods from [#size()] to [#close()] may be called from any thread and lock for themselves; all but
/// `close` throw [IllegalStateException] after it. Those from [#rows()] on are for a search, between [#beginRead()] and
/// [#endRead(long)].
final class RowStore implements AutoCloseable {
    /// Rows a chunk. A quarter of it, 256 rows, is far beyond a page for any usual dimension, which the kernels want.
    static final int ROWS = 1024;

    /// Beyond any encoder's, and so small that sizes of single rows stay an `int`.
    static final int MAX_DIMENSION = 1 << 20;

    // Not reentrant, but it does not allocate.
    private final StampedLock lock = new StampedLock();
    // Shared, so that any thread may read.
    private final Arena arena = Arena.ofShared();
    private final List<MemorySegment> chunks = new ArrayList<>();
    private final IdMap positions = new IdMap();
    private final int dimension;
    private final float[] values;
    private long[] ids = new long[ROWS];
    private int size;
    private @Nullable RowListener listener;
    private boolean closed;

    /// @param dimension values a row, 1 to [#MAX_DIMENSION]
    RowStore(int dimension) {
        if (dimension < 1 || dimension > MAX_DIMENSION) {
            throw new IllegalArgumentException("dimension " + dimension + " is not in 1.." + MAX_DIMENSION);
        }
        this.dimension = dimension;
        this.values = new float[SearchKernels.stride(dimension)];
    }

    /// Tells a listener of all rows, now and from now on. At most once a store, before other threads see it.
    void follow(RowListener follower) {
        long stamp = beginWrite();
        try {
            follower.reserve(size);
            listener = follower;
            announce(0, size);
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /// Values a row, at least 1.
    int dimension() {
        return dimension;
    }

    /// Values of a padded row.
    int stride() {
        return values.length;
    }

    /// See [VectorIndex#size()].
    int size() {
        long stamp = beginRead();
        try {
            return size;
        } finally {
            endRead(stamp);
        }
    }

    /// See [VectorIndex#contains].
    boolean contains(long id) {
        long stamp = beginRead();
        try {
            return positions.get(id) >= 0;
        } finally {
            endRead(stamp);
        }
    }

    /// See [VectorIndex#add(long, MemorySegment)].
    void add(long id, MemorySegment row) {
        long stamp = beginWrite();
        try {
            read(row, 0, 1, values, 0);
            reserve(1);
            if (!positions.put(id, size)) {
                throw new IllegalArgumentException("id " + id + " is taken");
            }
            ids[size] = id;
            write(size);
            size++;
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /// See [VectorIndex#addAll].
    void addAll(long[] newIds, MemorySegment rows) {
        int count = newIds.length;
        long stamp = beginWrite();
        int put = 0;
        try {
            requireRows(rows, count);
            reserve(count);
            while (put < count) {
                long id = newIds[put];
                if (!positions.put(id, size + put)) {
                    throw new IllegalArgumentException(
                            "id " + id + (positions.get(id) < size ? " is taken" : " comes twice"));
                }
                put++;
                read(rows, put - 1, count, values, 0);
                ids[size + put - 1] = id;
                copyIn(size + put - 1);
            }
            size += count;
            put = 0;
            announce(size - count, size);
        } finally {
            for (int i = 0; i < put; i++) {
                positions.remove(newIds[i]);
            }
            lock.unlockWrite(stamp);
        }
    }

    /// See [VectorIndex#update(long, MemorySegment)].
    void update(long id, MemorySegment row) {
        long stamp = beginWrite();
        try {
            int position = position(id);
            read(row, 0, 1, values, 0);
            write(position);
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /// See [VectorIndex#remove].
    boolean remove(long id) {
        long stamp = beginWrite();
        try {
            int position = positions.remove(id);
            if (position < 0) {
                return false;
            }
            int last = --size;
            if (position != last) {
                long bytes = rowBytes();
                MemorySegment.copy(chunk(last / ROWS), offset(last), chunk(position / ROWS), offset(position), bytes);
                ids[position] = ids[last];
                positions.move(ids[last], position);
                if (listener != null) {
                    listener.moved(last, position);
                }
            }
            return true;
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /// See [VectorIndex#row].
    float[] row(long id) {
        float[] row = new float[dimension];
        long stamp = beginRead();
        try {
            copyOut(position(id), row);
            return row;
        } finally {
            endRead(stamp);
        }
    }

    /// Takes over padded rows that lie in a file, for an empty store. What is changed later stays in memory. If it
    /// throws,
    /// the store is of no use any more.
    ///
    /// @throws IllegalArgumentException if an id comes twice, or a value is not finite or, in the padding, not zero
    void adopt(FileChannel file, long offset, long[] newIds) throws IOException {
        int count = newIds.length;
        long stamp = beginWrite();
        try {
            if (count > 0) {
                MemorySegment rows = NativeMemory.map(file, offset, count * rowBytes(), arena);
                int whole = count / ROWS * ROWS;
                for (int first = 0; first < whole; first += ROWS) {
                    chunks.add(rows.asSlice(first * rowBytes(), ROWS * rowBytes()));
                }
                reserve(count);
                if (whole < count) {
                    // The last chunk needs room for more.
                    MemorySegment.copy(rows, whole * rowBytes(), chunk(whole / ROWS), 0, (count - whole) * rowBytes());
                }
            }
            for (int position = 0; position < count; position++) {
                requirePadded(position);
                if (!positions.put(newIds[position], position)) {
                    throw new IllegalArgumentException("id " + newIds[position] + " comes twice");
                }
                ids[position] = newIds[position];
            }
            size = count;
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    private void requirePadded(int position) {
        read(chunk(position / ROWS).asSlice(offset(position), 4L * dimension), 0, 1, values, 0);
        for (int i = dimension; i < values.length; i++) {
            if (chunk(position / ROWS).get(ValueLayout.JAVA_INT, offset(position) + 4L * i) != 0) {
                throw new IllegalArgumentException("row " + position + " is not padded with zeros");
            }
        }
    }

    /// See [VectorIndex#save].
    void save(Path file) {
        long stamp = beginRead();
        try {
            RowFile.write(file, this);
        } finally {
            endRead(stamp);
        }
    }

    /// Frees the rows, once running searches have ended. Idempotent.
    @Override
    public void close() {
        long stamp = lock.writeLock();
        try {
            if (!closed) {
                closed = true;
                chunks.clear();
                arena.close();
            }
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /// Keeps the rows as they are until [#endRead]. It does not allocate, and is not reentrant: between the two, no
    /// other
    /// method that locks.
    ///
    /// @return what `endRead` takes
    /// @throws IllegalStateException if the store is closed
    long beginRead() {
        long stamp = lock.readLock();
        if (closed) {
            lock.unlockRead(stamp);
            throw new IllegalStateException("the index is closed");
        }
        return stamp;
    }

    void endRead(long stamp) {
        lock.unlockRead(stamp);
    }

    /// Rows held: positions run from 0 to one below it.
    int rows() {
        return size;
    }

    /// The position of an id, or -1.
    int find(long id) {
        return positions.get(id);
    }

    /// The chunk of the positions `chunk * ROWS` and after, [#ROWS] padded rows of which those at positions from
    /// [#rows()] on mean nothing.
    MemorySegment chunk(int chunk) {
        return chunks.get(chunk);
    }

    /// Where a row starts in its chunk, which is `chunk(position / ROWS)`, in bytes.
    long offset(int position) {
        return (position % ROWS) * rowBytes();
    }

    /// The ids by position, at least [#rows()] long, not to be changed.
    long[] ids() {
        return ids;
    }

    /// Reads and checks row `index` of `count` consecutive rows of the caller, on or off the heap, of any alignment.
    ///
    /// @param into `dimension()` values of it, from `at` on, are overwritten
    /// @throws IllegalArgumentException if the size of `rows` is wrong, or a value is NaN or infinite
    void read(MemorySegment rows, int index, int count, float[] into, int at) {
        requireRows(rows, count);
        MemorySegment.copy(rows, ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * dimension * index, into, at, dimension);
        for (int i = 0; i < dimension; i++) {
            if (!Float.isFinite(into[at + i])) {
                throw new IllegalArgumentException((count == 1 ? "" : "row " + index + ": ") + "value " + i + " is "
                        + into[at + i] + ", not a finite number");
            }
        }
    }

    /// @throws IllegalArgumentException if `rows` is not the size of `count` rows
    void requireRows(MemorySegment rows, int count) {
        long bytes = 4L * dimension * count;
        if (rows.byteSize() != bytes) {
            throw new IllegalArgumentException((count == 1 ? "row" : count + " rows") + " of " + rows.byteSize()
                    + " bytes, but " + dimension + " float32 values" + (count == 1 ? " are " : " a row are ") + bytes
                    + " bytes");
        }
    }

    /// All that a change by `more` rows can fail at.
    private void reserve(int more) {
        if (more > IdMap.MAX_SIZE - size) {
            throw new IllegalArgumentException("an index holds at most " + IdMap.MAX_SIZE + " rows");
        }
        int wanted = size + more;
        try {
            positions.reserve(wanted);
            if (wanted > ids.length) {
                ids = Arrays.copyOf(ids, Math.max(wanted, ids.length + (ids.length >> 1)));
            }
            while ((long) chunks.size() * ROWS < wanted) {
                allocate();
            }
            if (listener != null) {
                listener.reserve(wanted);
            }
        } catch (OutOfMemoryError e) {
            throw new UmemException(
                    ErrorKind.STORAGE,
                    "no memory for " + wanted + " rows of " + dimension + " values (" + ((wanted * rowBytes()) >> 20)
                            + " MiB outside the Java heap): " + e.getMessage()
                            + "; hold fewer rows, or free memory",
                    e);
        }
    }

    /// Some more chunks, out of one block of memory.
    private void allocate() {
        long bytes = rowBytes() * ROWS;
        // As many as there are, up to 32 MiB: huge pages want large blocks, small stores want small ones.
        int count = Math.clamp((32 << 20) / bytes, 1, Math.max(1, chunks.size()));
        // Zeros; the padding behind each row is never written again.
        MemorySegment block = NativeMemory.allocate(count * bytes, arena);
        for (int i = 0; i < count; i++) {
            chunks.add(block.asSlice(i * bytes, bytes));
        }
    }

    /// Writes what is in `values` to a position and tells of it.
    private void write(int position) {
        copyIn(position);
        if (listener != null) {
            listener.written(position, values);
        }
    }

    private void copyIn(int position) {
        MemorySegment.copy(values, 0, chunk(position / ROWS), ValueLayout.JAVA_FLOAT, offset(position), dimension);
    }

    private void copyOut(int position, float[] into) {
        MemorySegment.copy(chunk(position / ROWS), ValueLayout.JAVA_FLOAT, offset(position), into, 0, dimension);
    }

    private void announce(int from, int to) {
        if (listener != null) {
            for (int position = from; position < to; position++) {
                copyOut(position, values);
                listener.written(position, values);
            }
        }
    }

    private int position(long id) {
        int position = positions.get(id);
        if (position < 0) {
            throw new IllegalArgumentException("no row has id " + id);
        }
        return position;
    }

    private long rowBytes() {
        return 4L * values.length;
    }

    private long beginWrite() {
        long stamp = lock.writeLock();
        if (closed) {
            lock.unlockWrite(stamp);
            throw new IllegalStateException("the index is closed");
        }
        return stamp;
    }
}
