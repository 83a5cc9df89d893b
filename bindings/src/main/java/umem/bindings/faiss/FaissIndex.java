package umem.bindings.faiss;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import umem.bindings.NativeException;
import umem.bindings.internal.FreeMemory;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// An exact index of FAISS: rows of float32 under the caller's ids, found by their inner product with a query.
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
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    private FaissIndex(FaissLibrary library, MemorySegment handle) {
        this.library = library;
        this.handle = handle;
        this.dimension = nativeDimension();
    }

    /// An empty index.
    ///
    /// @param dimension values a row, at least 1
    public static FaissIndex flat(FaissLibrary library, int dimension) {
        if (dimension < 1) {
            throw new IllegalArgumentException("dimension " + dimension + " is below 1");
        }
        return own(library, "umem_faiss_flat", out -> library.abi().flat(dimension, out));
    }

    /// Reads an index that [#save] wrote.
    ///
    /// @throws UmemException of kind STORAGE if there is no such file or it is not sound, NATIVE if it needs more
    ///     memory than is free
    public static FaissIndex load(FaissLibrary library, Path path) {
        FaissFile file = FaissFile.read(path);
        // The rows, and some 64 bytes a row for FAISS's map from ids to rows.
        long bytes = file.size() * (file.rowBytes() + 64);
        if (bytes > FreeMemory.bytes()) {
            throw new UmemException(
                    ErrorKind.NATIVE,
                    String.format(
                            Locale.ROOT,
                            "not enough memory: the index %s takes %.1f GiB, %.1f GiB are free",
                            path,
                            bytes / 0x1p30,
                            FreeMemory.bytes() / 0x1p30));
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path.toString());
            return own(library, "umem_faiss_read", out -> library.abi().read(name, out));
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

    /// Rows held, at least 0.
    public long size() {
        return reading(this::count);
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
        requireDistinct(own);
        lock.writeLock().lock();
        try (Arena arena = Arena.ofConfined()) {
            requireOpen();
            MemorySegment flag = arena.allocate(ValueLayout.JAVA_INT);
            for (long id : own) {
                if (holds(id, flag)) {
                    throw new IllegalArgumentException("id " + id + " is taken");
                }
            }
            if (own.length == 0) {
                return;
            }
            MemorySegment values = finite(rows, arena);
            MemorySegment names = arena.allocateFrom(ValueLayout.JAVA_LONG, own);
            library.call("umem_faiss_add", () -> library.abi().add(handle, own.length, values, names));
        } finally {
            lock.writeLock().unlock();
        }
    }

    /// [#add(MemorySegment, long[])] from an array of `ids.length * dimension()` values.
    public void add(float[] rows, long[] ids) {
        add(MemorySegment.ofArray(rows), ids);
    }

    /// Finds the rows of highest inner product for each query of a batch. Fewer than 20 queries are scored one by one,
    /// more as a matrix product: the last bits of scores differ between the two.
    ///
    /// @param queries any number of queries of `dimension()` values each, all finite
    /// @param k how many rows to return a query at most, at least 1
    public FaissHits search(MemorySegment queries, int k) {
        if (k < 1) {
            throw new IllegalArgumentException("k " + k + " is below 1");
        }
        if (queries.byteSize() % rowBytes() != 0) {
            throw new IllegalArgumentException("queries of " + queries.byteSize() + " bytes are not a whole number of "
                    + dimension + " float32 values");
        }
        long n = queries.byteSize() / rowBytes();
        return reading(() -> {
            int columns = (int) Math.min(k, count());
            if (n * columns > Integer.MAX_VALUE - 8L) {
                throw new IllegalArgumentException(
                        n + " queries with " + columns + " results each are too many for one batch");
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment values = finite(queries, arena);
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

    /// Copies a row out.
    ///
    /// @return a new array of length [#dimension()]
    /// @throws IllegalArgumentException if no row has the id
    public float[] reconstruct(long id) {
        return reading(() -> {
            try (Arena arena = Arena.ofConfined()) {
                if (!holds(id, arena.allocate(ValueLayout.JAVA_INT))) {
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
        Path file = path.toAbsolutePath();
        Path temporary = file.resolveSibling("." + file.getFileName() + "."
                + ProcessHandle.current().pid() + "-" + Thread.currentThread().threadId());
        try {
            write(temporary);
            // FAISS keeps a full disk to itself when it closes the file.
            FaissFile.read(temporary);
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, "cannot save the index to " + file + ": " + e, e);
        } finally {
            deleteQuietly(temporary);
        }
    }

    private void write(Path path) {
        reading(() -> {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment name = arena.allocateFrom(path.toString());
                library.call("umem_faiss_write", () -> library.abi().write(handle, name));
                return path;
            } catch (NativeException e) {
                throw new NativeException(
                        ErrorKind.STORAGE,
                        "cannot save the index to " + path.getParent(),
                        e.function(),
                        e.code(),
                        e.nativeText(),
                        e.libraryVersion());
            }
        });
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // What made the save fail, if anything did, is the error that counts.
            System.getLogger(FaissIndex.class.getName()).log(System.Logger.Level.WARNING, "cannot delete " + file, e);
        }
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

    private int nativeDimension() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
            library.call("umem_faiss_dimension", () -> library.abi().dimension(handle, out));
            return out.get(ValueLayout.JAVA_INT, 0);
        }
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

    private static void requireDistinct(long[] ids) {
        Set<Long> seen = HashSet.newHashSet(ids.length);
        for (long id : ids) {
            if (id < 0) {
                throw new IllegalArgumentException("id " + id + " is negative");
            }
            if (!seen.add(id)) {
                throw new IllegalArgumentException("id " + id + " comes twice");
            }
        }
    }

    /// The values, checked, in native memory of their own: another thread may write to the caller's.
    private MemorySegment finite(MemorySegment values, Arena arena) {
        MemorySegment copy = arena.allocate(values.byteSize(), 64).copyFrom(values);
        for (long i = 0; i < copy.byteSize() / 4; i++) {
            float value = copy.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            if (!Float.isFinite(value)) {
                throw new IllegalArgumentException("value " + i % dimension + " of row " + i / dimension + " is "
                        + value + ", not a finite number");
            }
        }
        return copy;
    }
}
