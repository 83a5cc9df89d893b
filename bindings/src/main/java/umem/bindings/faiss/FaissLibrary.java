package umem.bindings.faiss;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.IntSupplier;
import umem.bindings.NativeException;
import umem.bindings.internal.Dlopen;
import umem.bindings.internal.ElfFile;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// FAISS behind our C ABI, loaded into this process once and never unloaded.
///
/// Safe for use by all threads.
public final class FaissLibrary {
    /// Threads that one call may use at most: what the systems that we know let a process start.
    public static final int MAX_THREADS = 256;

    private static final Map<Path, FaissLibrary> LOADED = new HashMap<>();

    private final Path path;
    private final FaissAbi abi;
    private final String version;

    private FaissLibrary(Path path, FaissAbi abi) {
        this.path = path;
        this.abi = abi;
        this.version = abi.version();
    }

    /// Loads the library; later calls with the same path return the same object.
    ///
    /// @param library the shared library, as [umem.provision.NativeLibraries#faiss()] names it
    /// @throws UmemException of kind NATIVE if it is missing, cannot be opened (with the linker's reason), or has
    ///     another ABI than these bindings
    public static synchronized FaissLibrary load(Path library) {
        Path path = library.toAbsolutePath().normalize();
        FaissLibrary known = LOADED.get(path);
        if (known != null) {
            return known;
        }
        ElfFile.requireWhole(path);
        FaissLibrary loaded = new FaissLibrary(path, open(path));
        // OpenMP counts the machine's processors and knows nothing of a container's share of them.
        loaded.setThreads(Math.min(Runtime.getRuntime().availableProcessors(), MAX_THREADS));
        LOADED.put(path, loaded);
        return loaded;
    }

    private static FaissAbi open(Path path) {
        FaissAbi abi;
        try {
            abi = new FaissAbi(path);
        } catch (IllegalArgumentException e) {
            String reason = Dlopen.reason(path);
            throw new UmemException(
                    ErrorKind.NATIVE,
                    "native library " + path + " cannot be loaded: " + (reason.isEmpty() ? e.getMessage() : reason),
                    e);
        } catch (NoSuchElementException e) {
            throw new UmemException(
                    ErrorKind.NATIVE,
                    "native library " + path + " is not the C ABI over FAISS, or an old one (" + e.getMessage()
                            + "); provision the libraries again",
                    e);
        }
        if (abi.abi() != FaissAbi.VERSION) {
            throw new UmemException(
                    ErrorKind.NATIVE,
                    "native library " + path + " has version " + abi.abi() + " of the C ABI over FAISS, not "
                            + FaissAbi.VERSION + "; provision the libraries again");
        }
        return abi;
    }

    /// The file it was loaded from.
    public Path path() {
        return path;
    }

    /// The version of FAISS, such as `1.7.3`.
    public String version() {
        return version;
    }

    /// The instructions that FAISS was compiled for: `avx2`, `avx512`, or `generic`, which is also said of the system's
    /// library.
    public String level() {
        return abi.level();
    }

    /// Sets how many threads one call of any thread may use; by default the processors of the JVM. A search of one
    /// query uses one. OpenBLAS, which FAISS calls from each of them, is held to one thread for the whole process.
    ///
    /// @param threads 1 to [#MAX_THREADS]: OpenMP ends the process when it cannot start one
    /// @throws IllegalArgumentException if it is outside that range
    public void setThreads(int threads) {
        if (threads < 1 || threads > MAX_THREADS) {
            throw new IllegalArgumentException("threads " + threads + " is outside 1 to " + MAX_THREADS);
        }
        call("umem_faiss_set_threads", () -> abi.setThreads(threads));
    }

    FaissAbi abi() {
        return abi;
    }

    /// Makes one call that returns a code.
    ///
    /// @throws NativeException if the code is not 0
    void call(String function, IntSupplier call) {
        int code = call.getAsInt();
        if (code != 0) {
            throw new NativeException(
                    ErrorKind.NATIVE,
                    "FAISS " + version + " refused " + function + " (code " + code + ")",
                    function,
                    code,
                    abi.error(),
                    version);
        }
    }
}
