package umem.bindings.faiss;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.ToIntBiFunction;
import java.util.function.ToIntFunction;
import umem.bindings.NativeException;

/// An index of FAISS: rows of float32 under the caller's ids, found by their inner product with a query, or by their
/// distance from it. Exact ([#flat]), or of any kind that FAISS's factory makes ([#create]); what a kind cannot do
/// besides search, save and load, [#operations] tells.
///
/// Rows and queries are segments of native-order float32, row-major, on or off the heap, of any alignment; they are
/// copied, never kept. Ids are 0 or more: FAISS says -1 where there is no row. Values that are not finite are refused,
/// since one NaN would poison rankings.
///
/// Owns one native handle. Thread rule: any number of threads may search at once; a change or [#close()] excludes
/// searches and other changes. All methods may be called from any thread. After [#close()] every method but `close`
/// throws [IllegalStateException]. Every other refusal in Java is an [IllegalArgumentException]; what FAISS itself
/// refuses is a [NativeException].
public final class FaissIndex implements AutoCloseable {
    private final FaissLibrary library;
    private final MemorySegment handle;
    private final int dimension;
    private final FaissMetric metric;
    private final boolean knowsIds;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    private FaissIndex(FaissLibrary library, MemorySegment handle) {
        this.library = library;
        this.handle = handle;
        this.dimension = number("umem_faiss_dimension", library.abi()::dimension);
        this.metric = FaissMetric.values()[number("umem_faiss_metric", library.abi()::metric)];
        this.knowsIds = nativeOperations().contains();
    }

    /// An empty exact index by inner product.
    ///
    /// @param dimension values a row, at least 1
    public static FaissIndex flat(FaissLibrary library, int dimension) {
        requireDimension(dimension);
        return own(library, "umem_faiss_flat", out -> library.abi().flat(dimension, out));
    }

    /// An empty index by FAISS's factory string: `IVF1024,Flat` (inverted lists), `IDMap2,HNSW32` (a graph),
    /// `IDMap2,SQ8` (int8 rows). It has to be trained first unless it [#isTrained].
    ///
    /// @param dimension values a row, at least 1
    /// @param description its numbers 1 to 2^20. Graphs and rows take ids of the caller only below `IDMap2`
    /// @throws NativeException if FAISS knows no such index
    public static FaissIndex create(FaissLibrary library, int dimension, String description, FaissMetric metric) {
        requireDimension(dimension);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(description);
            return own(library, "umem_faiss_create", out -> library.abi().create(dimension, text, metric.code(), out));
        }
    }

    /// Reads an index that [#save] wrote, of any kind.
    ///
    /// @throws UmemException of kind STORAGE if there is no such file or it is not sound, NATIVE if it needs more
    ///     memory than is free
    public static FaissIndex load(FaissLibrary library, Path path) {
        FaissFile.requireIntact(path);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path.toString());
            return own(library, "umem_faiss_read", out -> library.abi().read(name, out));
        } catch (NativeException e) {
            throw FaissFile.storageFailure("cannot read index file " + path, e);
        }
    }

    private static void requireDimension(int dimension) {
        if (dimension < 1) {
            throw new IllegalArgumentException("dimension " + dimension + " is below 1");
        }
    }

    private static FaissIndex own(FaissLibrary library, String function, ToIntFunction<MemorySegment> make) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            library.call(function, () -> make.applyAsInt(out));
            return new FaissIndex(library, out.get(ValueLayout.ADDRESS, 0));
        }
    }

    /// The library it was made with.
    public FaissLibrary library() {
        return library;
    }

    /// Values a row, at least 1.
    public int dimension() {
        return dimension;
    }

    /// What it ranks rows by.
    public FaissMetric metric() {
        return metric;
    }

    /// What this kind of index can do. Of one that has to be trained all is known only then.
    public FaissOperations operations() {
        return reading(this::nativeOperations);
    }

    /// Whether rows may be added and searched; if not, it has to be trained first.
    public boolean isTrained() {
        return reading(() -> number("umem_faiss_trained", library.abi()::trained) != 0);
    }

    /// Rows held, at least 0.
    public long size() {
        return reading(this::count);
    }

    /// Trains the index, before rows are added. May take minutes; nothing else can use the index then.
    ///
    /// @param rows a sample of the rows to come, `dimension()` values each, all finite, at least one; 40 or more for
    ///     each inverted list do
    /// @throws NativeException if they are too few
    public void train(MemorySegment rows) {
        long n = FaissRows.count(rows, dimension, "rows");
        if (n == 0) {
            throw new IllegalArgumentException("there is no row to train with");
        }
        changing(arena -> {
            MemorySegment values = FaissRows.finite(rows, dimension, arena);
            library.call("umem_faiss_train", () -> library.abi().train(handle, n, values));
        });
    }

    /// Sets how the index searches or builds: `nprobe` (inverted lists to visit, 1 at first), `efSearch` (breadth of a
    /// graph's search, 16 at first), `efConstruction`, `k_factor_rf`, or another parameter of FAISS's.
    ///
    /// @param value a whole number, 1 to 2^20
    /// @throws NativeException if the index has no such parameter, or the value is out of its range
    public void set(String parameter, int value) {
        changing(arena -> {
            MemorySegment name = arena.allocateFrom(parameter);
            library.call("umem_faiss_set", () -> library.abi().set(handle, name, value));
        });
    }

    /// Whether a row has this id.
    public boolean contains(long id) {
        return reading(() -> {
            try (Arena arena = Arena.ofConfined()) {
                return holds(id, arena.allocate(ValueLayout.JAVA_INT));
            }
        });
    }

    /// Adds rows, all or none.
    ///
    /// @param rows `ids.length * dimension()` values, all finite
    /// @param ids one for each row, none below 0, twice or taken
    public void add(MemorySegment rows, long[] ids) {
        long[] own = ids.clone();
        if (rows.byteSize() != Math.multiplyExact(rowBytes(), (long) own.length)) {
            throw new IllegalArgumentException("rows of " + rows.byteSize() + " bytes, but " + own.length + " rows of "
                    + dimension + " float32 values are " + rowBytes() * own.length + " bytes");
        }
        FaissRows.requireDistinct(own);
        changing(arena -> {
            MemorySegment flag = arena.allocate(ValueLayout.JAVA_INT);
            for (int i = 0; i < own.length && knowsIds; i++) {
                if (holds(own[i], flag)) {
                    throw new IllegalArgumentException("id " + own[i] + " is taken");
                }
            }
            if (own.length > 0) {
                MemorySegment values = FaissRows.finite(rows, dimension, arena);
                MemorySegment names = arena.allocateFrom(ValueLayout.JAVA_LONG, own);
                library.call("umem_faiss_add", () -> library.abi().add(handle, own.length, values, names));
            }
        });
    }

    /// [#add(MemorySegment, long[])] from an array of `ids.length * dimension()` values.
    public void add(float[] rows, long[] ids) {
        add(MemorySegment.ofArray(rows), ids);
    }

    /// Removes rows. Takes as long as all rows are many, but for inverted lists: better many at once.
    ///
    /// @param ids ids that no row has are passed over
    /// @return how many rows there were
    public long remove(long[] ids) {
        long[] own = ids.clone();
        long[] removed = new long[1];
        changing(arena -> {
            MemorySegment names = arena.allocateFrom(ValueLayout.JAVA_LONG, own);
            MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
            library.call("umem_faiss_remove", () -> library.abi().remove(handle, own.length, names, count));
            removed[0] = count.get(ValueLayout.JAVA_LONG, 0);
        });
        return removed[0];
    }

    /// Finds the best rows for each query of a batch. Fewer than 20 queries are scored one by one,
    /// more as a matrix product: the last bits of scores differ between the two.
    ///
    /// @param queries any number of queries of `dimension()` values each, all finite
    /// @param k how many rows to return a query at most, at least 1
    public FaissHits search(MemorySegment queries, int k) {
        if (k < 1) {
            throw new IllegalArgumentException("k " + k + " is below 1");
        }
        long n = FaissRows.count(queries, dimension, "queries");
        return reading(() -> {
            int columns = (int) Math.min(k, count());
            if (n * columns > Integer.MAX_VALUE - 8L) {
                throw new IllegalArgumentException(
                        n + " queries with " + columns + " results each are too many for one batch");
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment values = FaissRows.finite(queries, dimension, arena);
                if (n == 0 || columns == 0) {
                    return new FaissHits(columns, new long[0], new float[0]);
                }
                MemorySegment scores = arena.allocate(ValueLayout.JAVA_FLOAT, n * columns);
                MemorySegment ids = arena.allocate(ValueLayout.JAVA_LONG, n * columns);
                library.call("umem_faiss_search", () -> library.abi().search(handle, n, values, columns, scores, ids));
                return new FaissHits(
                        columns, ids.toArray(ValueLayout.JAVA_LONG), scores.toArray(ValueLayout.JAVA_FLOAT));
            }
        });
    }

    /// [#search(MemorySegment, int)] with an array of queries, one after the other.
    public FaissHits search(float[] queries, int k) {
        return search(MemorySegment.ofArray(queries), k);
    }

    /// [#search(MemorySegment, int)] for callers that search often: from, and into, native memory of theirs, which
    /// nobody else writes to meanwhile.
    ///
    /// @param queries native, `n * dimension()` values, all finite
    /// @param scores native, receives `n * k` scores
    /// @param ids native, receives `n * k` ids, -1 where there are fewer rows than `k`
    public void search(MemorySegment queries, int k, MemorySegment scores, MemorySegment ids) {
        long n = FaissRows.count(queries, dimension, "queries");
        if (k < 1 || scores.byteSize() < 4 * n * k || ids.byteSize() < 8 * n * k) {
            throw new IllegalArgumentException("no room for " + n + " times " + k + " hits");
        }
        FaissRows.requireFinite(queries, dimension);
        lock.readLock().lock();
        try {
            requireOpen();
            if (n > 0) {
                library.call("umem_faiss_search", () -> library.abi().search(handle, n, queries, k, scores, ids));
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Finds all rows whose inner product with a query is above a limit, or whose squared distance from it is below.
    /// Of an index that is not exact, those that it sees.
    ///
    /// @param queries any number of queries of `dimension()` values each, all finite
    /// @param limit not NaN
    public FaissRange range(MemorySegment queries, float limit) {
        if (Float.isNaN(limit)) {
            throw new IllegalArgumentException("the limit is NaN");
        }
        long n = FaissRows.count(queries, dimension, "queries");
        return reading(() -> {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment values = FaissRows.finite(queries, dimension, arena);
                MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
                library.call("umem_faiss_range", () -> library.abi().range(handle, n, values, limit, out));
                MemorySegment hits = out.get(ValueLayout.ADDRESS, 0);
                try {
                    return FaissRange.copy(library, hits, n);
                } finally {
                    library.call("umem_faiss_hits_free", () -> library.abi().hitsFree(hits));
                }
            }
        });
    }

    /// [#range(MemorySegment, float)] with an array of queries, one after the other.
    public FaissRange range(float[] queries, float limit) {
        return range(MemorySegment.ofArray(queries), limit);
    }

    /// Copies a row out.
    ///
    /// @return a new array of length [#dimension()]
    /// @throws IllegalArgumentException if no row has the id
    public float[] reconstruct(long id) {
        return reading(() -> {
            try (Arena arena = Arena.ofConfined()) {
                if (knowsIds && !holds(id, arena.allocate(ValueLayout.JAVA_INT))) {
                    throw new IllegalArgumentException("no row has id " + id);
                }
                MemorySegment row = arena.allocate(rowBytes(), 4);
                library.call("umem_faiss_reconstruct", () -> library.abi().reconstruct(handle, id, row));
                return row.toArray(ValueLayout.JAVA_FLOAT);
            }
        });
    }

    /// Saves the index to a file, which appears, or replaces an older one, once it is whole and on the disk.
    ///
    /// @throws UmemException of kind STORAGE if the file cannot be written
    public void save(Path path) {
        FaissFile.save(
                path,
                temporary -> reading(() -> {
                    try (Arena arena = Arena.ofConfined()) {
                        MemorySegment name = arena.allocateFrom(temporary.toString());
                        library.call("umem_faiss_write", () -> library.abi().write(handle, name));
                        return temporary;
                    }
                }));
    }

    /// Frees the rows, once running searches have ended. Idempotent.
    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                library.call("umem_faiss_free", () -> library.abi().free(handle));
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private long rowBytes() {
        return 4L * dimension;
    }

    private <T> T reading(Supplier<T> body) {
        lock.readLock().lock();
        try {
            requireOpen();
            return body.get();
        } finally {
            lock.readLock().unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the index is closed");
        }
    }

    /// Runs a change, which may allocate until it has ended.
    private void changing(Consumer<Arena> change) {
        lock.writeLock().lock();
        try (Arena arena = Arena.ofConfined()) {
            requireOpen();
            change.accept(arena);
        } finally {
            lock.writeLock().unlock();
        }
    }

    private int number(String function, ToIntBiFunction<MemorySegment, MemorySegment> get) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
            library.call(function, () -> get.applyAsInt(handle, out));
            return out.get(ValueLayout.JAVA_INT, 0);
        }
    }

    private FaissOperations nativeOperations() {
        return FaissOperations.of(number("umem_faiss_operations", library.abi()::operations));
    }

    private long count() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
            library.call("umem_faiss_size", () -> library.abi().size(handle, size));
            return size.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    private boolean holds(long id, MemorySegment flag) {
        library.call("umem_faiss_contains", () -> library.abi().contains(handle, id, flag));
        return flag.get(ValueLayout.JAVA_INT, 0) != 0;
    }
}
