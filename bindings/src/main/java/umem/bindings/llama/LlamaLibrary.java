package umem.bindings.llama;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import umem.bindings.NativeException;
import umem.bindings.internal.Dlopen;
import umem.bindings.internal.ElfFile;
import umem.bindings.internal.generated.Ggml;
import umem.bindings.internal.generated.Llama;
import umem.bindings.internal.generated.llama_context_params;
import umem.bindings.internal.generated.llama_model_params;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.NativeLibraries;

/// llama.cpp and ggml, loaded into this process once.
///
/// Safe for use by all threads. Nothing is ever unloaded: the libraries live as long as the process, and so do the
/// arenas of their callbacks.
public final class LlamaLibrary {
    /// The release that the generated bindings were made from.
    public static final String VERSION = "0.5.0";

    private static final List<String> LOAD_ORDER =
            List.of("libggml-base.so", "libggml.v0.5.0.so", "libllama.v0.5.0.so");
    private static final String CUDA = "libggml-cuda.so";
    private static final String BLAS = "libggml-blas.so";

    private static @Nullable LlamaLibrary loaded;

    private final Path directory;
    private final String version;
    private final boolean cuda;
    private final Set<Context> contexts = ConcurrentHashMap.newKeySet();
    private volatile boolean exiting;

    private LlamaLibrary(Path directory, String version, boolean cuda) {
        this.directory = directory;
        this.version = version;
        this.cuda = cuda;
    }

    /// Loads the libraries; later calls with the same folder return the same object.
    ///
    /// Where the folder holds `libggml-cuda.so`, a GPU is used if it can be: see [#requireGpu()] for those who insist.
    ///
    /// @throws UmemException of kind NATIVE if a library is missing, cannot be opened (with the linker's reason), has
    ///     another version than the bindings, or another folder is loaded already
    public static synchronized LlamaLibrary load(NativeLibraries libraries) {
        Path directory = libraries.llama().toAbsolutePath().normalize();
        LlamaLibrary current = loaded;
        if (current != null) {
            if (!current.directory.equals(directory)) {
                throw new UmemException(
                        ErrorKind.NATIVE,
                        "llama.cpp is loaded from " + current.directory
                                + " already; a process cannot load a second copy from " + directory);
            }
            return current;
        }
        for (String name : LOAD_ORDER) {
            open(directory.resolve(name));
        }
        String version = text(Llama.llama_version());
        if (!version.equals(VERSION) && !version.startsWith(VERSION + "-")) {
            throw new UmemException(
                    ErrorKind.NATIVE,
                    "llama.cpp in " + directory + " is version " + version + ", but the bindings were made for "
                            + VERSION + "; provision the libraries again");
        }
        NativeLog.install();
        checkStructs(directory);
        boolean cuda = loadBackends(directory);
        Llama.llama_backend_init();
        LlamaLibrary library = new LlamaLibrary(directory, version, cuda);
        if (library.devices().isEmpty()) {
            throw new UmemException(
                    ErrorKind.NATIVE, "no backend of ggml runs on this CPU; " + directory + " has none that fits");
        }
        Runtime.getRuntime().addShutdownHook(new Thread(library::quiesce, "umem-llama-shutdown"));
        loaded = library;
        return library;
    }

    private static void open(Path file) {
        ElfFile.requireWhole(file);
        try {
            System.load(file.toString());
        } catch (UnsatisfiedLinkError e) {
            String reason = Dlopen.reason(file);
            throw new UmemException(
                    ErrorKind.NATIVE,
                    "native library " + file + " cannot be loaded: " + (reason.isEmpty() ? e.getMessage() : reason),
                    e);
        }
    }

    /// The default parameters have known values at known places: another layout would show here rather than as a crash.
    private static void checkStructs(Path directory) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment model = Llama.llama_model_default_params(arena);
            MemorySegment context = Llama.llama_context_default_params(arena);
            boolean expected = llama_model_params.use_extra_bufts(model)
                    && !llama_model_params.vocab_only(model)
                    && !llama_model_params.no_alloc(model)
                    && llama_context_params.n_ctx(context) == 512
                    && llama_context_params.n_batch(context) == 2048
                    && llama_context_params.n_ubatch(context) == 512
                    && llama_context_params.n_seq_max(context) == 1
                    && llama_context_params.samplers(context).address() == 0
                    && llama_context_params.n_samplers(context) == 0
                    && llama_context_params.ctx_other(context).address() == 0;
            if (!expected) {
                throw new UmemException(
                        ErrorKind.NATIVE,
                        "the structures of llama.cpp in " + directory + " differ from those of " + VERSION
                                + "; provision the libraries again");
            }
        }
    }

    private static boolean loadBackends(Path directory) {
        try (Arena arena = Arena.ofConfined()) {
            Ggml.ggml_backend_load_all_from_path(arena.allocateFrom(directory.toString()));
        }
        Path blas = directory.resolve(BLAS);
        if (Files.exists(blas)
                && listDevices().stream().noneMatch(device -> device.name().equals("BLAS"))) {
            // It is optional, but somebody had it built.
            System.getLogger("umem.llama")
                    .log(System.Logger.Level.WARNING, blas + " is not used: " + Dlopen.reason(blas));
        }
        for (Device device : listDevices()) {
            if (device.type() == Device.Type.GPU) {
                return true;
            }
        }
        return false;
    }

    /// Insists on a GPU.
    ///
    /// @throws NativeException if ggml found none, with the reason that the CUDA backend gives
    public void requireGpu() {
        if (cuda) {
            return;
        }
        Path plugin = directory.resolve(CUDA);
        if (!Files.exists(plugin)) {
            throw new UmemException(
                    ErrorKind.NATIVE,
                    "no GPU: " + directory + " has no " + CUDA + "; provision with CUDA, or use the CPU");
        }
        String reason = Dlopen.reason(plugin);
        throw new NativeException(
                ErrorKind.NATIVE,
                "no GPU can be used",
                "ggml_backend_load",
                0,
                reason.isEmpty() ? "the CUDA backend loads but finds no device" : reason,
                version);
    }

    /// Version that the library reports.
    public String version() {
        return version;
    }

    /// The folder it was loaded from.
    public Path directory() {
        return directory;
    }

    /// Whether ggml found a GPU.
    public boolean hasGpu() {
        return cuda;
    }

    /// Devices that ggml computes on, with their memory as it is now.
    public List<Device> devices() {
        return listDevices();
    }

    private static List<Device> listDevices() {
        List<Device> devices = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG);
            MemorySegment total = arena.allocate(ValueLayout.JAVA_LONG);
            long count = Ggml.ggml_backend_dev_count();
            for (long i = 0; i < count; i++) {
                MemorySegment device = Ggml.ggml_backend_dev_get(i);
                Ggml.ggml_backend_dev_memory(device, free, total);
                devices.add(new Device(
                        text(Ggml.ggml_backend_dev_name(device)),
                        text(Ggml.ggml_backend_dev_description(device)),
                        Device.Type.of(Ggml.ggml_backend_dev_type(device)),
                        free.get(ValueLayout.JAVA_LONG, 0),
                        total.get(ValueLayout.JAVA_LONG, 0)));
            }
        }
        return devices;
    }

    /// The libraries of this folder that are mapped into the process, the CPU variant that ggml chose among them.
    public List<Path> mappedLibraries() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            String prefix = directory + "/";
            return lines.map(line -> line.substring(Math.max(0, line.indexOf('/'))))
                    .filter(path -> path.startsWith(prefix))
                    .distinct()
                    .sorted()
                    .map(Path::of)
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /// The CPU variant that ggml chose for this machine, such as `haswell`, or `unknown`.
    public String cpuVariant() {
        for (Path path : mappedLibraries()) {
            String name = path.getFileName().toString();
            if (name.startsWith("libggml-cpu-") && name.endsWith(".so")) {
                return name.substring("libggml-cpu-".length(), name.length() - ".so".length());
            }
        }
        return "unknown";
    }

    /// Whether the process is about to end, when nothing native may be freed any more.
    boolean isExiting() {
        return exiting;
    }

    void register(Context context) {
        contexts.add(context);
    }

    void unregister(Context context) {
        contexts.remove(context);
    }

    /// At exit the C++ runtime destroys ggml's statics; a thread that still computes then would crash the process. So
    /// running calls are aborted, and no new one can begin.
    private void quiesce() {
        exiting = true;
        for (Context context : contexts) {
            context.abort();
        }
        for (Context context : contexts) {
            context.seal();
        }
    }

    static String text(MemorySegment string) {
        return string.address() == 0 ? "" : string.reinterpret(Long.MAX_VALUE).getString(0);
    }
}
