package umem.bindings.ggml;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import umem.bindings.NativeException;
import umem.bindings.internal.FreeMemory;
import umem.bindings.internal.generated.Ggml;
import umem.bindings.llama.Device;
import umem.bindings.llama.LlamaLibrary;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A stream of computations on one device. [TensorBuffer]s hold data on the device, [Graph]s compute with it.
///
/// What ggml would answer with the end of the process (a wrong shape, an operation that the device lacks) is refused
/// when a graph is built. What remains is an error of the device itself, such as a CUDA error while a graph runs: ggml
/// ends the process then.
///
/// Owns one native handle, no arena. Thread rule: any thread may use it; computations and transfers run one at a time.
/// Buffers and graphs must be closed first, which [#close()] checks.
public final class Backend implements AutoCloseable {
    private static final Set<Backend> OPEN = ConcurrentHashMap.newKeySet();

    static {
        // At exit the C++ runtime destroys ggml's statics; a thread that still computes then would crash the process.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> OPEN.forEach(Backend::seal), "umem-ggml-shutdown"));
    }

    private final LlamaLibrary library;
    private final MemorySegment device;
    private final MemorySegment handle;
    private final Device.Type type;
    private final AtomicInteger dependants = new AtomicInteger();
    private final ReentrantLock running = new ReentrantLock();
    private boolean sealed;
    private boolean closed;

    private Backend(LlamaLibrary library, MemorySegment device, MemorySegment handle, Device.Type type) {
        this.library = library;
        this.device = device;
        this.handle = handle;
        this.type = type;
        OPEN.add(this);
    }

    /// The CPU.
    ///
    /// @param threads threads that compute, at least 1. More than there are free cores is many times slower, since they
    ///     wait for each other by spinning
    public static Backend cpu(LlamaLibrary library, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads");
        }
        Backend backend = open(library, Device.Type.CPU);
        try {
            backend.setThreads(threads);
        } catch (Throwable t) {
            backend.close();
            throw t;
        }
        return backend;
    }

    /// The first GPU.
    ///
    /// @throws UmemException of kind NATIVE if ggml found none, with the reason
    public static Backend gpu(LlamaLibrary library) {
        library.requireGpu();
        return open(library, Device.Type.GPU);
    }

    private static Backend open(LlamaLibrary library, Device.Type type) {
        long count = Ggml.ggml_backend_dev_count();
        for (long i = 0; i < count; i++) {
            MemorySegment device = Ggml.ggml_backend_dev_get(i);
            if (Device.Type.of(Ggml.ggml_backend_dev_type(device)) == type) {
                MemorySegment handle = Ggml.ggml_backend_dev_init(device, MemorySegment.NULL);
                if (handle.address() == 0) {
                    throw new NativeException(
                            ErrorKind.NATIVE,
                            "the device " + text(Ggml.ggml_backend_dev_name(device)) + " cannot be opened",
                            "ggml_backend_dev_init",
                            0,
                            null,
                            library.version());
                }
                return new Backend(library, device, handle, type);
            }
        }
        throw new UmemException(ErrorKind.NATIVE, "ggml has no device of type " + type);
    }

    private void setThreads(int threads) {
        // The CPU backend is a plug-in too: its functions are found by name.
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment function = Ggml.ggml_backend_reg_get_proc_address(
                    Ggml.ggml_backend_dev_backend_reg(device), arena.allocateFrom("ggml_backend_set_n_threads"));
            if (function.address() == 0) {
                throw new UmemException(ErrorKind.NATIVE, "the CPU backend of ggml has no ggml_backend_set_n_threads");
            }
            MethodHandle call = Linker.nativeLinker()
                    .downcallHandle(function, FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
            call.invokeExact(handle, threads);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException("ggml_backend_set_n_threads cannot be called", t);
        }
    }

    /// The library it belongs to.
    public LlamaLibrary library() {
        return library;
    }

    /// Short name of the device, such as `CPU` or `CUDA0`.
    public String name() {
        return text(Ggml.ggml_backend_dev_name(device));
    }

    /// Whether it computes on a GPU.
    public boolean isGpu() {
        return type == Device.Type.GPU;
    }

    /// Bytes of the device's memory that are free now.
    public long freeMemory() {
        if (!isGpu()) {
            return FreeMemory.bytes();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG);
            Ggml.ggml_backend_dev_memory(device, free, arena.allocate(ValueLayout.JAVA_LONG));
            return free.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    /// Refuses what the device has no room for: on a CPU an allocation would not fail but have the process killed.
    /// Buffers and graphs ask for themselves; ask before several of them are allocated.
    ///
    /// @param what for the message, in the plural
    /// @throws UmemException of kind NATIVE if fewer than `bytes` are free
    public void requireMemory(long bytes, String what) {
        long free = freeMemory();
        if (bytes > free) {
            throw new UmemException(
                    ErrorKind.NATIVE,
                    String.format(
                            Locale.ROOT,
                            "not enough memory on %s: %s take %.2f GiB, %.2f GiB are free",
                            name(),
                            what,
                            bytes / 0x1p30,
                            free / 0x1p30));
        }
    }

    boolean supports(MemorySegment node) {
        return Ggml.ggml_backend_dev_supports_op(device, node);
    }

    MemorySegment bufferType() {
        return Ggml.ggml_backend_get_default_buffer_type(handle);
    }

    int compute(MemorySegment graph) {
        return exclusively(() -> Ggml.ggml_backend_graph_compute(handle, graph));
    }

    /// Runs native work alone, and not once the process has begun to end.
    <T> T exclusively(Supplier<T> work) {
        running.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the backend is closed");
            }
            if (sealed) {
                throw new IllegalStateException("the process is ending");
            }
            return work.get();
        } finally {
            running.unlock();
        }
    }

    /// Frees a native object that belongs to this backend; not once the process has begun to end.
    void free(Runnable work) {
        running.lock();
        try {
            if (!sealed) {
                work.run();
            }
        } finally {
            running.unlock();
        }
    }

    void retain() {
        exclusively(dependants::incrementAndGet);
    }

    void release() {
        dependants.decrementAndGet();
    }

    private void seal() {
        running.lock();
        sealed = true;
        running.unlock();
    }

    static String text(MemorySegment string) {
        return string.address() == 0 ? "" : string.reinterpret(Long.MAX_VALUE).getString(0);
    }

    /// Frees the stream, once a running computation has ended. Idempotent.
    ///
    /// @throws IllegalStateException while buffers or graphs of it are open
    @Override
    public void close() {
        running.lock();
        try {
            if (closed) {
                return;
            }
            if (dependants.get() != 0) {
                throw new IllegalStateException(
                        "backend " + name() + " still has " + dependants.get() + " open buffers or graphs");
            }
            closed = true;
            OPEN.remove(this);
            if (!sealed) {
                Ggml.ggml_backend_free(handle);
            }
        } finally {
            running.unlock();
        }
    }
}
