package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// Exact search: every row is scored. The default up to about 100,000 rows (some 10 ms a query at 384 values on one
/// core); a change costs one row's copy.
///
/// Rows lie off-heap in the order in which they came, except that the last row fills the hole of a removed one.
public final class FlatIndex implements VectorIndex {
    private final int dimension;
    private final SearchKernels kernels;
    private final RowChunks rows;
    private final Map<Long, Integer> positions = new HashMap<>();
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private long[] ids = new long[RowChunks.ROWS];
    private int size;
    private boolean closed;

    /// @param dimension values a row, at least 1
    public FlatIndex(int dimension) {
        this(dimension, SearchKernels.current());
    }

    FlatIndex(int dimension, SearchKernels kernels) {
        if (dimension < 1) {
            throw new IllegalArgumentException("dimension " + dimension + " is below 1");
        }
        this.dimension = dimension;
        this.kernels = kernels;
        this.rows = new RowChunks(dimension);
    }

    @Override
    public int dimension() {
        return dimension;
    }

    @Override
    public int size() {
        lock.readLock().lock();
        try {
            requireOpen();
            return size;
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public boolean contains(long id) {
        lock.readLock().lock();
        try {
            requireOpen();
            return positions.containsKey(id);
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void add(long id, MemorySegment row) {
        float[] values = values(row, dimension);
        lock.writeLock().lock();
        try {
            requireOpen();
            if (positions.containsKey(id)) {
                throw new IllegalArgumentException("id " + id + " is taken");
            }
            rows.reserve(size);
            if (size == ids.length) {
                ids = Arrays.copyOf(ids, Math.addExact(size, size >> 1));
            }
            rows.write(size, values);
            ids[size] = id;
            positions.put(id, size);
            size++;
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public void addAll(long[] newIds, MemorySegment newRows) {
        for (int i = 0; i < newIds.length; i++) {
            add(newIds[i], newRows.asSlice(4L * dimension * i, 4L * dimension));
        }
    }

    @Override
    public void update(long id, MemorySegment row) {
        float[] values = values(row, dimension);
        lock.writeLock().lock();
        try {
            requireOpen();
            rows.write(position(id), values);
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public boolean remove(long id) {
        lock.writeLock().lock();
        try {
            requireOpen();
            Integer position = positions.remove(id);
            if (position == null) {
                return false;
            }
            int last = --size;
            if (position != last) {
                rows.move(last, position);
                ids[position] = ids[last];
                positions.put(ids[last], position);
            }
            return true;
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public float[] row(long id) {
        lock.readLock().lock();
        try {
            requireOpen();
            return rows.read(position(id));
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void search(MemorySegment query, TopHits best) {
        float[] padded = values(query, SearchKernels.stride(dimension));
        lock.readLock().lock();
        try {
            requireOpen();
            best.begin();
            float[] scores = new float[RowChunks.ROWS];
            float[] scratch = new float[SearchKernels.SCRATCH];
            for (int first = 0; first < size; first += RowChunks.ROWS) {
                int count = Math.min(RowChunks.ROWS, size - first);
                kernels.scores(padded, rows.chunk(first / RowChunks.ROWS), count, scores, scratch);
                best.offer(scores, count, ids, first);
            }
            best.end();
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void search(MemorySegment queries, TopHits[] best) {
        for (int i = 0; i < best.length; i++) {
            search(queries.asSlice(4L * dimension * i, 4L * dimension), best[i]);
        }
    }

    @Override
    public List<Hit> range(MemorySegment query, float minScore) {
        return search(query, Math.max(1, size()), minScore);
    }

    @Override
    public void save(Path file) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String description() {
        return "flat float32";
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                rows.close();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    /// The checked values of a row, followed by zeros up to `length`.
    private float[] values(MemorySegment row, int length) {
        if (row.byteSize() != 4L * dimension) {
            throw new IllegalArgumentException("row of " + row.byteSize() + " bytes, but " + dimension
                    + " float32 values are " + 4L * dimension + " bytes");
        }
        float[] values = new float[length];
        MemorySegment.copy(row, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values, 0, dimension);
        for (int i = 0; i < dimension; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IllegalArgumentException("value " + i + " is " + values[i] + ", not a finite number");
            }
        }
        return values;
    }

    private int position(long id) {
        Integer position = positions.get(id);
        if (position == null) {
            throw new IllegalArgumentException("no row has id " + id);
        }
        return position;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the index is closed");
        }
    }
}
