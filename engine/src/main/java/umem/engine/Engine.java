package umem.engine;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import umem.bindings.faiss.FaissLibrary;
import umem.bindings.ggml.Backend;
import umem.bindings.llama.LlamaLibrary;
import umem.engine.embedding.Encoder;
import umem.engine.embedding.cache.CachedEncoder;
import umem.engine.embedding.cache.EmbeddingCache;
import umem.engine.executor.ExecutionCache;
import umem.engine.language.LanguageModel;
import umem.engine.language.LocalLanguageModel;
import umem.engine.language.RemoteLanguageModel;
import umem.engine.search.IndexLibraries;
import umem.provision.Accelerator;
import umem.provision.Provision;

/// Everything that is opened by name: language models and encoders, provided when they are missing, loaded once, closed
/// together. The way in for a program that embeds UMEM.
///
/// Safe for all threads; calls that load may take seconds, the first time minutes, and are serialised.
public final class Engine implements AutoCloseable {
    /// The default executor `E`.
    public static final String EXECUTOR = "qwen2.5-coder-1.5b-instruct";

    /// The default Mem-Optimizer.
    public static final String OPTIMIZER = "qwen2.5-coder-0.5b-instruct";

    /// The default encoder `e(.)`.
    public static final String ENCODER = Encoders.STANDARD;

    private final Provision provision;
    private final Accelerator accelerator;
    private final LocalLanguageModel.Options local;
    private final RemoteLanguageModel.Options remote;
    private final Map<String, LanguageModel> models = new LinkedHashMap<>();
    private final Map<String, Encoder> encoders = new LinkedHashMap<>();
    private final Map<String, CachedEncoder> cachedEncoders = new LinkedHashMap<>();
    private @Nullable LlamaLibrary library;
    private @Nullable Backend gpu;

    /// @param provision where models and libraries come from
    /// @param accelerator what is computed on
    /// @param local how models in this process run
    /// @param remote how models behind an endpoint are called
    public Engine(
            Provision provision,
            Accelerator accelerator,
            LocalLanguageModel.Options local,
            RemoteLanguageModel.Options remote) {
        this.provision = provision;
        this.accelerator = accelerator;
        this.local = local;
        this.remote = remote;
    }

    /// An engine with the defaults of this machine.
    public static Engine open(Provision provision) {
        return new Engine(
                provision,
                Accelerator.AUTO,
                LocalLanguageModel.Options.defaults(),
                RemoteLanguageModel.Options.fromEnvironment(System.getenv()));
    }

    /// llama.cpp, provided and loaded into this process.
    ///
    /// @throws umem.error.UmemException of kind SETUP if it cannot be had, NATIVE if it does not run here or a GPU was
    ///     insisted on and none can be used
    public synchronized LlamaLibrary library() {
        LlamaLibrary present = library;
        if (present == null) {
            present = LlamaLibrary.load(provision.libraries(accelerator));
            if (accelerator == Accelerator.CUDA) {
                present.requireGpu();
            }
            library = present;
        }
        return present;
    }

    /// A language model; the same file or endpoint is opened once, whatever it is asked for as.
    ///
    /// @param reference a name of the lock file, a path to a GGUF file, `hf:owner/repository/file`, or the address of
    ///     an OpenAI-compatible endpoint, `http://host:8080` or `http://host:8080#model`
    /// @throws umem.error.UmemException of kind MODEL, SETUP, NATIVE or REMOTE
    public synchronized LanguageModel languageModel(String reference) {
        if (RemoteLanguageModel.isReference(reference)) {
            return models.computeIfAbsent(reference, r -> RemoteLanguageModel.open(r, remote));
        }
        Path file = provision.model(reference);
        return models.computeIfAbsent(
                file.toString(), path -> LocalLanguageModel.open(library(), Path.of(path), local));
    }

    /// An encoder; the same one is opened once. What it or another process of this user has embedded before is taken
    /// from the cache.
    ///
    /// @param reference a name of the lock file, a path to a GGUF file, or `hf:owner/repository/file`
    /// @throws umem.error.UmemException of kind MODEL, SETUP or NATIVE
    public synchronized CachedEncoder encoder(String reference) {
        CachedEncoder present = cachedEncoders.get(reference);
        if (present == null) {
            Encoder encoder = uncachedEncoder(reference);
            EmbeddingCache cache = EmbeddingCache.open(
                    provision.cache().resolve("embeddings"),
                    encoder.fingerprint(),
                    encoder.dimension(),
                    EmbeddingCache.STANDARD_LIMIT);
            present = new CachedEncoder(encoder, cache);
            cachedEncoders.put(reference, present);
        }
        return present;
    }

    /// The same encoder without its cache: it embeds every text that it is given.
    ///
    /// @param reference as for [#encoder]
    /// @throws umem.error.UmemException of kind MODEL, SETUP or NATIVE
    public synchronized Encoder uncachedEncoder(String reference) {
        return encoders.computeIfAbsent(reference, r -> Encoders.open(provision, library(), r, local.threads()));
    }

    /// The native libraries of the index kinds `faiss` and `cuda`, each loaded when it is first asked for; they live as
    /// long as the engine.
    public IndexLibraries indexLibraries() {
        return new IndexLibraries() {
            @Override
            public FaissLibrary faiss() {
                return FaissLibrary.load(provision.libraries(accelerator).faiss());
            }

            @Override
            public Backend gpu() {
                return gpuBackend();
            }
        };
    }

    private synchronized Backend gpuBackend() {
        Backend present = gpu;
        if (present == null) {
            library().requireGpu();
            present = Backend.gpu(library());
            gpu = present;
        }
        return present;
    }

    /// The cache of greedy executions that all runs of this user share.
    public ExecutionCache executionCache() {
        return ExecutionCache.in(provision.cache().resolve("executions"));
    }

    /// Closes all models and encoders. Idempotent.
    @Override
    public synchronized void close() {
        models.values().forEach(LanguageModel::close);
        models.clear();
        cachedEncoders.values().forEach(Encoder::close);
        cachedEncoders.clear();
        encoders.values().forEach(Encoder::close);
        encoders.clear();
        if (gpu != null) {
            gpu.close();
            gpu = null;
        }
    }
}
