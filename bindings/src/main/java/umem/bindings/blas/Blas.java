package umem.bindings.blas;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import umem.bindings.internal.Dlopen;

/// OpenBLAS, the system's matrix product, loaded into this process once and never unloaded.
///
/// Every product runs on the thread that asks for it: who wants more uses threads of its own. FAISS runs on the same
/// OpenBLAS, so its products are single-threaded too from the first product here on, until its threads are set again.
///
/// Safe for use by all threads.
public final class Blas {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
    private static final MemoryLayout POINTER = ValueLayout.ADDRESS;

    private static final int ROW_MAJOR = 101;
    private static final int NO_TRANSPOSE = 111;
    private static final int TRANSPOSE = 112;

    private final MethodHandle product;
    private final MethodHandle setThreads;
    private final MethodHandle getThreads;
    private final String configuration;
    /// OpenBLAS has a fixed number of work buffers and ends the process when more threads want one.
    private final Semaphore running =
            new Semaphore(Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 32));

    private Blas(SymbolLookup library) {
        product = function(
                library,
                "cblas_sgemm",
                FunctionDescriptor.ofVoid(
                        INT, INT, INT, INT, INT, INT, FLOAT, POINTER, INT, POINTER, INT, FLOAT, POINTER, INT));
        setThreads = function(library, "openblas_set_num_threads", FunctionDescriptor.ofVoid(INT));
        getThreads = function(library, "openblas_get_num_threads", FunctionDescriptor.of(INT));
        configuration = text(function(library, "openblas_get_config", FunctionDescriptor.of(POINTER)));
    }

    private static MethodHandle function(SymbolLookup library, String name, FunctionDescriptor form) {
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), form);
    }

    /// The library, if this machine has one that can be used.
    public static Optional<Blas> installed() {
        return Optional.ofNullable(Loaded.BLAS);
    }

    /// Why there is none, in one line; empty if there is one.
    public static String absence() {
        return Loaded.ABSENCE;
    }

    /// What OpenBLAS says of itself: version, options and the CPU that its kernels are for.
    public String configuration() {
        return configuration;
    }

    /// The product of a matrix and a transposed one, `c = a * b^T`: all inner products of the rows of `a` with those of
    /// `b`. Float32, row-major, off-heap.
    ///
    /// @param a `rowsA` consecutive rows of `length` values
    /// @param b `rowsB` consecutive rows of `length` values
    /// @param c receives `rowsA` consecutive rows of `rowsB` values
    /// @throws IllegalArgumentException if a segment is too small, on the heap or not aligned to 4 bytes, or a count is
    ///     below 1
    public void multiplyTransposed(
            MemorySegment a, int rowsA, MemorySegment b, int rowsB, int length, MemorySegment c) {
        require("a", a, rowsA, length);
        require("b", b, rowsB, length);
        require("c", c, rowsA, rowsB);
        running.acquireUninterruptibly();
        try {
            // Others set it too (FAISS, ggml), and more than one thread would compete with those of the caller.
            if ((int) getThreads.invokeExact() != 1) {
                setThreads.invokeExact(1);
            }
            product.invokeExact(
                    ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE, rowsA, rowsB, length, 1f, a, length, b, length, 0f, c, rowsB);
        } catch (Throwable t) {
            throw uncallable(t);
        } finally {
            running.release();
        }
    }

    private static void require(String name, MemorySegment matrix, int rows, int columns) {
        if (rows < 1 || columns < 1) {
            throw new IllegalArgumentException(name + " of " + rows + " x " + columns + " values");
        }
        if (!matrix.isNative() || matrix.address() % 4 != 0) {
            throw new IllegalArgumentException(name + " is on the heap or not aligned to 4 bytes");
        }
        if (matrix.byteSize() < 4L * rows * columns) {
            throw new IllegalArgumentException(
                    name + " of " + matrix.byteSize() + " bytes is smaller than " + rows + " x " + columns + " values");
        }
    }

    private static String text(MethodHandle function) {
        try {
            MemorySegment string = (MemorySegment) function.invokeExact();
            return string.reinterpret(Long.MAX_VALUE).getString(0).strip();
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
        return new IllegalStateException("a function of OpenBLAS cannot be called", t);
    }

    private static final class Loaded {
        /// The name with the version comes with the library, the one without only with its headers.
        private static final String[] NAMES = {"libopenblas.so.0", "libopenblas.so"};

        static final String ABSENCE;
        static final @Nullable Blas BLAS;

        static {
            Blas blas = null;
            String absence = "";
            for (String name : NAMES) {
                try {
                    // Never closed: OpenBLAS keeps threads that would run in unmapped code.
                    blas = new Blas(SymbolLookup.libraryLookup(name, Arena.global()));
                    absence = blas.refusal();
                } catch (IllegalArgumentException e) {
                    absence = "OpenBLAS cannot be loaded: " + reason(name, e);
                } catch (NoSuchElementException e) {
                    absence = "OpenBLAS has no function " + e.getMessage();
                }
                if (absence.isEmpty()) {
                    break;
                }
                blas = null;
            }
            BLAS = blas;
            ABSENCE = absence;
            Logger log = System.getLogger(Blas.class.getName());
            log.log(Level.DEBUG, blas == null ? absence : blas.configuration);
        }

        private static String reason(String name, IllegalArgumentException e) {
            String reason = Dlopen.reason(Path.of(name));
            return reason.isEmpty() ? String.valueOf(e.getMessage()) : reason;
        }
    }

    /// Why this library must not be called, or an empty string.
    private String refusal() {
        // Its integers would have 64 bits, ours have 32.
        return configuration.contains("USE64BITINT") ? "OpenBLAS has 64-bit integers: " + configuration : "";
    }
}
