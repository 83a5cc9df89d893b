package umem.provision;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Provides everything that is not Java: native libraries, models, and files made from them. What is missing is fetched
/// or built once, checked against the lock file, and kept in a cache outside the project.
///
/// Any number of threads and processes may provision at once; one works, the others wait for it. Work that is cut off,
/// by kill -9 too, goes on from where it was at the next call. Every method that provides throws [UmemException]: of
/// kind SETUP when something cannot be had (the message names each source and its reason, or the command to run),
/// STORAGE when the disk fails or is full, INTERRUPTED when the thread is interrupted.
public final class Provision {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+-]*");
    private static final List<String> RESERVED = List.of("sha256", "staging", "locks", "references");

    private final Settings settings;
    private final ArtifactLock lock;
    private final Progress progress;
    private final ContentStore store;
    private final SystemTools tools;
    private final HubClient hub;
    private final Acquisition acquisition;

    /// Where and how to provision.
    ///
    /// @param packages null for the package clients of this machine
    record Settings(
            Path cache,
            boolean offline,
            URI hub,
            @Nullable String hubToken,
            Disk disk,
            @Nullable Packages packages,
            CudaMachine cuda,
            boolean faissFromSource) {
        Settings withOffline(boolean value) {
            return new Settings(cache, value, hub, hubToken, disk, packages, cuda, faissFromSource);
        }
    }

    Provision(Settings settings, ArtifactLock lock, Progress progress) {
        this.settings = settings;
        this.lock = lock;
        this.progress = progress;
        this.store = new ContentStore(settings.cache(), settings.disk(), progress);
        this.tools = SystemTools.ofThisMachine(settings.offline(), progress);
        this.hub = new HubClient(
                settings.hub(),
                settings.hubToken(),
                Duration.ofSeconds(5),
                Duration.ofMillis(500),
                Duration.ofSeconds(60));
        Packages packages = settings.packages() == null ? new PackageClients(tools) : settings.packages();
        this.acquisition = new Acquisition(store, packages, hub, progress, settings.offline());
    }

    /// The provision of this machine. The environment decides: `UMEM_CACHE` is the cache's folder (else
    /// `${XDG_CACHE_HOME:-~/.cache}/umem`), `UMEM_OFFLINE=1` forbids the network, `HF_ENDPOINT` and `HF_TOKEN` are the
    /// model hub's address and the key to closed models, `UMEM_FAISS=source` asks for [#optimizedFaiss].
    ///
    /// @param progress hears what is done; every call that provides may take minutes the first time
    public static Provision standard(Progress progress) {
        Map<String, String> environment = System.getenv();
        return new Provision(
                new Settings(
                        cacheFolder(environment, Path.of(System.getProperty("user.home"))),
                        isTrue(environment.get("UMEM_OFFLINE")),
                        hubAddress(environment.get("HF_ENDPOINT")),
                        environment.get("HF_TOKEN"),
                        new Disk(),
                        null,
                        CudaMachine.ofThisMachine(),
                        "source".equals(environment.get("UMEM_FAISS"))),
                ArtifactLock.standard(),
                progress);
    }

    /// The same provision, with or without the network.
    public Provision withOffline(boolean offline) {
        return new Provision(settings.withOffline(offline), lock, progress);
    }

    /// The folder of the cache; it may not exist yet.
    public Path cache() {
        return store.root();
    }

    /// Provides llama.cpp and FAISS.
    ///
    /// @throws UmemException SETUP also when CUDA is insisted on and the machine has no NVIDIA driver
    public NativeLibraries libraries(Accelerator accelerator) {
        return new NativeLibraries(llama(accelerator), faiss());
    }

    /// Provides llama.cpp alone: the folder of [NativeLibraries#llama()].
    ///
    /// @throws UmemException SETUP also when CUDA is insisted on and the machine has no NVIDIA driver
    public Path llama(Accelerator accelerator) {
        return new LlamaFolder(this, settings.cuda(), progress).provide(accelerator);
    }

    /// Builds the BLAS backend of ggml, which [#llama] then puts beside the CPU's libraries. It is optional: it makes
    /// long prompts faster on CPUs without matrix instructions, and the last digits of their results are others.
    Path blas() {
        try {
            return new GgmlBuild(this).build(tools, progress);
        } catch (IOException e) {
            throw Disk.storageFailure("the BLAS backend of ggml", store.root(), e);
        }
    }

    /// Provides the kernels that the encoder computes with on a CPU: a shared library of ours, built at its first use.
    /// An encoder can do without them, slower.
    ///
    /// @throws UmemException SETUP when there is no compiler, or it refuses the sources
    public Path kernels() {
        Optional<Path> built = builtKernels();
        if (built.isPresent()) {
            return built.get();
        }
        try {
            return new KernelBuild(tools, progress).build(this);
        } catch (IOException e) {
            throw Disk.storageFailure("the encoder's kernels", store.root(), e);
        }
    }

    /// What [#kernels()] provides, where it was built before.
    public Optional<Path> builtKernels() {
        try {
            return new KernelBuild(tools, progress).find(store.root());
        } catch (IOException e) {
            throw Disk.storageFailure("the encoder's kernels", store.root(), e);
        }
    }

    /// Provides a language model or encoder file.
    ///
    /// @param reference a name of the lock file (`qwen2.5-coder-1.5b-instruct`), a path to a file, or
    ///     `hf:owner/repository/file`
    /// @return a readable file. A file named by path is not looked into
    /// @throws UmemException MODEL when the reference means nothing
    public Path model(String reference) {
        Optional<Artifact> named = lock.find(reference).filter(a -> a.kind().equals("model"));
        if (named.isPresent()) {
            return acquisition.provide(named.get());
        }
        if (reference.startsWith("hf:")) {
            return hubModel(reference);
        }
        Path file = Path.of(reference);
        if (Files.isRegularFile(file)) {
            return file.toAbsolutePath();
        }
        String problem = Files.isDirectory(file) ? "is a folder" : "is no file";
        throw new UmemException(
                ErrorKind.MODEL,
                "no model \"" + reference + "\": it " + problem + ", nor one of " + names("model")
                        + ", nor hf:owner/repository/file");
    }

    /// Provides a file, or the folder of an unpacked archive, of the lock file.
    ///
    /// @param name as in the lock file, `bge-small-en-v1.5` for example
    /// @throws IllegalArgumentException when the lock file has no such name
    public Path artifact(String name) {
        return acquisition.provide(locked(name));
    }

    /// A file that is made from others, made once: `<cache>/<kind>/<key>`. Two processes at once make it once; when the
    /// writer fails or is killed, nothing appears under the name.
    ///
    /// @param kind a folder name of letters, digits, `.`, `_`, `+`, `-`
    /// @param key a file name of the same letters that changes with everything the content depends on
    public Path derived(String kind, String key, FileWriter writer) {
        if (!NAME.matcher(kind).matches()
                || RESERVED.contains(kind)
                || !NAME.matcher(key).matches()) {
            throw new IllegalArgumentException("not a name for a derived file: " + kind + "/" + key);
        }
        Path file = store.root().resolve(kind).resolve(key);
        if (Files.exists(file)) {
            return file;
        }
        String name = kind + "-" + key;
        try (CacheLock held =
                CacheLock.acquire(store.lockFile(name), () -> progress.advance(key, Progress.Stage.WAIT, 0, -1))) {
            if (Files.exists(file)) {
                return file;
            }
            Path staging = store.staging(name);
            Disk.delete(staging);
            Files.createDirectories(staging);
            try {
                Path target = staging.resolve("content");
                writer.write(target);
                store.disk().publish(target, file);
            } finally {
                Disk.delete(staging);
            }
            return file;
        } catch (IOException e) {
            throw Disk.storageFailure(key, store.root(), e);
        }
    }

    /// Everything that the lock file names, and whether it is here. Reads no file's content.
    public List<Provisioned> inventory() {
        List<Provisioned> all = new ArrayList<>();
        for (Artifact a : lock.artifacts()) {
            all.add(new Provisioned(
                    a.name(),
                    a.version(),
                    a.kind(),
                    a.sha256(),
                    a.size(),
                    a.licence(),
                    store.path(a),
                    store.looksPresent(a)));
        }
        for (ArtifactLock.SystemPackages s : lock.system()) {
            Optional<Path> library = builtFaiss();
            all.add(new Provisioned(
                    s.name(),
                    s.version(),
                    s.kind(),
                    null,
                    0,
                    s.licence(),
                    library.orElse(store.root().resolve(FaissBuild.KIND)),
                    library.isPresent()));
        }
        return List.copyOf(all);
    }

    /// Reads everything that is here in full and compares checksums. What is found damaged counts as absent from then
    /// on and is fetched again at its next use.
    ///
    /// @return one line for each damaged file; empty when all is well
    public List<String> verify() {
        return lock.artifacts().stream()
                .flatMap(artifact -> verify(artifact).stream())
                .toList();
    }

    /// [#verify()] for one artifact; empty also when it is not here at all.
    ///
    /// @param name as in the lock file
    /// @throws IllegalArgumentException when the lock file has no such name
    public List<String> verify(String name) {
        return verify(locked(name));
    }

    private List<String> verify(Artifact artifact) {
        try {
            return Files.isDirectory(store.folder(artifact)) ? store.verify(artifact) : List.of();
        } catch (IOException e) {
            return List.of(store.folder(artifact) + ": " + e);
        }
    }

    /// Sets the machine up by hand; see [ProvisionProgram].
    public static void main(String[] arguments) {
        System.exit(ProvisionProgram.run(List.of(arguments), System.out, System.err));
    }

    Artifact locked(String name) {
        return lock.find(name).orElseThrow(() -> new IllegalArgumentException("the lock file has no artifact " + name));
    }

    private String names(String kind) {
        return lock.artifacts().stream()
                .filter(a -> a.kind().equals(kind))
                .map(Artifact::name)
                .collect(Collectors.joining(", "));
    }

    /// Builds FAISS from its source for AVX2, once, and provides that from then on: 2 to 5 times faster than the
    /// system's. Takes some minutes and, at first, the network.
    ///
    /// @return the library, as [NativeLibraries#faiss()] will name it
    /// @throws UmemException SETUP also when the CPU has no AVX2
    public Path optimizedFaiss() {
        try {
            return new FaissBuild(tools, progress).buildOwn(this);
        } catch (IOException e) {
            throw Disk.storageFailure("the C ABI over FAISS", store.root(), e);
        }
    }

    private Path faiss() {
        if (settings.faissFromSource()) {
            return optimizedFaiss();
        }
        Optional<Path> built = builtFaiss();
        if (built.isPresent()) {
            return built.get();
        }
        try {
            return new FaissBuild(tools, progress).build(this);
        } catch (IOException e) {
            throw Disk.storageFailure("the C ABI over FAISS", store.root(), e);
        }
    }

    private Optional<Path> builtFaiss() {
        try {
            return new FaissBuild(tools, progress).find(this);
        } catch (IOException e) {
            throw Disk.storageFailure("the C ABI over FAISS", store.root(), e);
        }
    }

    private Path hubModel(String reference) {
        Source.Hub source = HubReference.parse(reference);
        Optional<Artifact> known = lock.artifacts().stream()
                .filter(a -> a.sources().contains(source))
                .findFirst();
        if (known.isPresent()) {
            return acquisition.provide(known.get());
        }
        HubReference references = new HubReference(store, hub, settings.offline());
        return acquisition.provide(references.resolve(source));
    }

    static Path cacheFolder(Map<String, String> environment, Path home) {
        String own = environment.get("UMEM_CACHE");
        if (own != null && !own.isBlank()) {
            return Path.of(own).toAbsolutePath();
        }
        String xdg = environment.get("XDG_CACHE_HOME");
        // The XDG rules say that a relative path has to be ignored.
        Path base = xdg != null && xdg.startsWith("/") ? Path.of(xdg) : home.resolve(".cache");
        return base.resolve("umem");
    }

    private static URI hubAddress(@Nullable String endpoint) {
        return URI.create(endpoint == null || endpoint.isBlank() ? "https://huggingface.co" : endpoint);
    }

    private static boolean isTrue(@Nullable String value) {
        return value != null && Stream.of("1", "true", "yes").anyMatch(value::equalsIgnoreCase);
    }
}
