package umem.bindings.faiss;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// The functions of the C ABI over FAISS (`umem_faiss.h`, which says what each does), as they are: no argument is
/// checked here, and where nothing else is said the result is a code, 0 for success.
final class FaissAbi {
    /// The version of the ABI that this class was written for.
    static final int VERSION = 2;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final MemoryLayout POINTER = ValueLayout.ADDRESS;

    private final MethodHandle abi;
    private final MethodHandle version;
    private final MethodHandle level;
    private final MethodHandle error;
    private final MethodHandle setThreads;
    private final MethodHandle flat;
    private final MethodHandle create;
    private final MethodHandle free;
    private final MethodHandle dimension;
    private final MethodHandle metric;
    private final MethodHandle size;
    private final MethodHandle operations;
    private final MethodHandle trained;
    private final MethodHandle train;
    private final MethodHandle add;
    private final MethodHandle remove;
    private final MethodHandle set;
    private final MethodHandle search;
    private final MethodHandle range;
    private final MethodHandle hitsGet;
    private final MethodHandle hitsFree;
    private final MethodHandle contains;
    private final MethodHandle reconstruct;
    private final MethodHandle write;
    private final MethodHandle read;

    /// Opens the library for as long as the process lives.
    ///
    /// @throws IllegalArgumentException if the dynamic linker refuses the file
    /// @throws NoSuchElementException if a function is missing
    FaissAbi(Path library) {
        // Never closed: OpenMP and OpenBLAS keep threads that would run in unmapped code.
        SymbolLookup lookup = SymbolLookup.libraryLookup(library, Arena.global());
        abi = function(lookup, "abi", FunctionDescriptor.of(INT));
        version = function(lookup, "version", FunctionDescriptor.of(POINTER));
        level = function(lookup, "level", FunctionDescriptor.of(POINTER));
        error = function(lookup, "error", FunctionDescriptor.of(POINTER));
        setThreads = function(lookup, "set_threads", FunctionDescriptor.of(INT, INT));
        flat = function(lookup, "flat", FunctionDescriptor.of(INT, INT, POINTER));
        create = function(lookup, "create", FunctionDescriptor.of(INT, INT, POINTER, INT, POINTER));
        free = function(lookup, "free", FunctionDescriptor.of(INT, POINTER));
        dimension = function(lookup, "dimension", FunctionDescriptor.of(INT, POINTER, POINTER));
        metric = function(lookup, "metric", FunctionDescriptor.of(INT, POINTER, POINTER));
        size = function(lookup, "size", FunctionDescriptor.of(INT, POINTER, POINTER));
        operations = function(lookup, "operations", FunctionDescriptor.of(INT, POINTER, POINTER));
        trained = function(lookup, "trained", FunctionDescriptor.of(INT, POINTER, POINTER));
        train = function(lookup, "train", FunctionDescriptor.of(INT, POINTER, LONG, POINTER));
        add = function(lookup, "add", FunctionDescriptor.of(INT, POINTER, LONG, POINTER, POINTER));
        remove = function(lookup, "remove", FunctionDescriptor.of(INT, POINTER, LONG, POINTER, POINTER));
        set = function(lookup, "set", FunctionDescriptor.of(INT, POINTER, POINTER, ValueLayout.JAVA_DOUBLE));
        search = function(lookup, "search", FunctionDescriptor.of(INT, POINTER, LONG, POINTER, LONG, POINTER, POINTER));
        range = function(
                lookup, "range", FunctionDescriptor.of(INT, POINTER, LONG, POINTER, ValueLayout.JAVA_FLOAT, POINTER));
        hitsGet = function(lookup, "hits_get", FunctionDescriptor.of(INT, POINTER, POINTER, POINTER, POINTER));
        hitsFree = function(lookup, "hits_free", FunctionDescriptor.of(INT, POINTER));
        contains = function(lookup, "contains", FunctionDescriptor.of(INT, POINTER, LONG, POINTER));
        reconstruct = function(lookup, "reconstruct", FunctionDescriptor.of(INT, POINTER, LONG, POINTER));
        write = function(lookup, "write", FunctionDescriptor.of(INT, POINTER, POINTER));
        read = function(lookup, "read", FunctionDescriptor.of(INT, POINTER, POINTER));
    }

    private static MethodHandle function(SymbolLookup lookup, String name, FunctionDescriptor form) {
        return Linker.nativeLinker().downcallHandle(lookup.findOrThrow("umem_faiss_" + name), form);
    }

    /// The version of the ABI that the library has.
    int abi() {
        try {
            return (int) abi.invokeExact();
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    /// The version of FAISS.
    String version() {
        return text(version);
    }

    /// The instructions that FAISS was compiled for.
    String level() {
        return text(level);
    }

    /// The text of this thread's last failure. To be asked for directly after it: a virtual thread keeps its carrier
    /// only until it waits for something.
    String error() {
        return text(error);
    }

    int setThreads(int threads) {
        try {
            return (int) setThreads.invokeExact(threads);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int flat(int dimension, MemorySegment index) {
        try {
            return (int) flat.invokeExact(dimension, index);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int create(int dimension, MemorySegment description, int metric, MemorySegment index) {
        try {
            return (int) create.invokeExact(dimension, description, metric, index);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int free(MemorySegment index) {
        try {
            return (int) free.invokeExact(index);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int dimension(MemorySegment index, MemorySegment result) {
        return get(dimension, index, result);
    }

    int metric(MemorySegment index, MemorySegment result) {
        return get(metric, index, result);
    }

    int size(MemorySegment index, MemorySegment result) {
        return get(size, index, result);
    }

    int operations(MemorySegment index, MemorySegment result) {
        return get(operations, index, result);
    }

    int trained(MemorySegment index, MemorySegment result) {
        return get(trained, index, result);
    }

    int train(MemorySegment index, long n, MemorySegment rows) {
        try {
            return (int) train.invokeExact(index, n, rows);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int add(MemorySegment index, long n, MemorySegment rows, MemorySegment ids) {
        try {
            return (int) add.invokeExact(index, n, rows, ids);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int remove(MemorySegment index, long n, MemorySegment ids, MemorySegment removed) {
        try {
            return (int) remove.invokeExact(index, n, ids, removed);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int set(MemorySegment index, MemorySegment name, double value) {
        try {
            return (int) set.invokeExact(index, name, value);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int search(MemorySegment index, long n, MemorySegment queries, long k, MemorySegment scores, MemorySegment ids) {
        try {
            return (int) search.invokeExact(index, n, queries, k, scores, ids);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int range(MemorySegment index, long n, MemorySegment queries, float limit, MemorySegment hits) {
        try {
            return (int) range.invokeExact(index, n, queries, limit, hits);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int hitsGet(MemorySegment hits, MemorySegment limits, MemorySegment ids, MemorySegment scores) {
        try {
            return (int) hitsGet.invokeExact(hits, limits, ids, scores);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int hitsFree(MemorySegment hits) {
        try {
            return (int) hitsFree.invokeExact(hits);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int contains(MemorySegment index, long id, MemorySegment result) {
        try {
            return (int) contains.invokeExact(index, id, result);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int reconstruct(MemorySegment index, long id, MemorySegment row) {
        try {
            return (int) reconstruct.invokeExact(index, id, row);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    int write(MemorySegment index, MemorySegment path) {
        return get(write, index, path);
    }

    int read(MemorySegment path, MemorySegment index) {
        return get(read, path, index);
    }

    private static int get(MethodHandle function, MemorySegment first, MemorySegment second) {
        try {
            return (int) function.invokeExact(first, second);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    private static String text(MethodHandle function) {
        try {
            MemorySegment string = (MemorySegment) function.invokeExact();
            return string.reinterpret(Long.MAX_VALUE).getString(0);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    /// The library itself throws nothing, so this is about the call: a segment of a closed arena, memory, a stack.
    private static RuntimeException uncallable(Throwable t) {
        if (t instanceof RuntimeException e) {
            return e;
        }
        if (t instanceof Error e) {
            throw e;
        }
        return new IllegalStateException("a function of FAISS cannot be called", t);
    }
}
