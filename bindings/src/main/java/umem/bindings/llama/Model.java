package umem.bindings.llama;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import umem.bindings.NativeException;
import umem.bindings.internal.FreeMemory;
import umem.bindings.internal.generated.Llama;
import umem.bindings.internal.generated.llama_model_params;
import umem.error.ErrorKind;

/// Weights and vocabulary of a GGUF file, mapped into memory.
///
/// Immutable after loading: any number of threads and contexts may share one. Owns one native handle and no arena;
/// contexts and adapters made from it must be closed first, which [#close()] checks. The file must not be changed in
/// place while it is open.
public final class Model implements AutoCloseable {
    private final LlamaLibrary library;
    private final Path path;
    private final MemorySegment handle;
    private final GgufHeader header;
    private final boolean onGpu;
    private final Vocabulary vocabulary;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicInteger dependants = new AtomicInteger();

    private Model(LlamaLibrary library, Path path, MemorySegment handle, GgufHeader header, boolean onGpu) {
        this.library = library;
        this.path = path;
        this.handle = handle;
        this.header = header;
        this.onGpu = onGpu;
        this.vocabulary = new Vocabulary(this, Llama.llama_model_get_vocab(handle));
    }

    /// Loads a model.
    ///
    /// @param path a GGUF file
    /// @throws UmemException of kind MODEL if the file is missing, no GGUF, truncated, of an unknown architecture or
    ///     larger than the memory that is free; the message says which
    public static Model load(LlamaLibrary library, Path path, ModelOptions options) {
        GgufHeader header = GgufHeader.read(path);
        boolean onGpu = library.hasGpu() && options.gpuLayers() != 0;
        if (!onGpu) {
            FreeMemory.require(header.tensorBytes(), "the weights of " + path);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = Llama.llama_model_default_params(arena);
            llama_model_params.n_gpu_layers(params, onGpu ? options.gpuLayers() : 0);
            MemorySegment handle;
            String error;
            // The first error line is global, so loads that want to explain themselves go one after the other.
            synchronized (Model.class) {
                NativeLog.clear();
                handle = Llama.llama_model_load_from_file(arena.allocateFrom(path.toString()), params);
                error = NativeLog.firstError();
            }
            if (handle.address() == 0) {
                throw new NativeException(
                        ErrorKind.MODEL,
                        "model " + path + " (architecture " + header.architecture() + ") cannot be loaded by llama.cpp "
                                + library.version(),
                        "llama_model_load_from_file",
                        0,
                        error,
                        library.version());
            }
            return new Model(library, path, handle, header, onGpu);
        }
    }

    MemorySegment handle() {
        if (closed.get()) {
            throw new IllegalStateException("model " + path + " is closed");
        }
        return handle;
    }

    void retain() {
        handle();
        dependants.incrementAndGet();
    }

    void release() {
        dependants.decrementAndGet();
    }

    /// The library it was loaded with.
    public LlamaLibrary library() {
        return library;
    }

    /// The file it was loaded from.
    public Path path() {
        return path;
    }

    /// What the file says about itself.
    public GgufHeader header() {
        return header;
    }

    /// Whether layers of it were put on a GPU.
    public boolean isOnGpu() {
        return onGpu;
    }

    /// Its tokens.
    public Vocabulary vocabulary() {
        handle();
        return vocabulary;
    }

    /// The chat template (Jinja text) that the file carries, or null.
    public @Nullable String chatTemplate() {
        MemorySegment text = Llama.llama_model_chat_template(handle(), MemorySegment.NULL);
        return text.address() == 0 ? null : LlamaLibrary.text(text);
    }

    /// The longest context it was trained for, in tokens.
    public int trainContextLength() {
        return Llama.llama_model_n_ctx_train(handle());
    }

    /// Width of the hidden state.
    public int embeddingLength() {
        return Llama.llama_model_n_embd(handle());
    }

    /// Number of layers.
    public int layerCount() {
        return Llama.llama_model_n_layer(handle());
    }

    /// Number of parameters.
    public long parameterCount() {
        return Llama.llama_model_n_params(handle());
    }

    /// Bytes of all tensors.
    public long sizeBytes() {
        return Llama.llama_model_size(handle());
    }

    /// Whether it can generate.
    public boolean hasDecoder() {
        return Llama.llama_model_has_decoder(handle());
    }

    /// Architecture, size and quantisation in a few words.
    public String description() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(256);
            int length = Llama.llama_model_desc(handle(), buffer, buffer.byteSize());
            return length < 0 ? "" : buffer.getString(0, StandardCharsets.UTF_8);
        }
    }

    /// A value of the file's metadata as text, or null where the key is absent.
    public @Nullable String metadata(String key) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(key);
            MemorySegment buffer = arena.allocate(1024);
            int length = Llama.llama_model_meta_val_str(handle(), name, buffer, buffer.byteSize());
            if (length >= buffer.byteSize()) {
                buffer = arena.allocate(length + 1L);
                length = Llama.llama_model_meta_val_str(handle(), name, buffer, buffer.byteSize());
            }
            return length < 0 ? null : buffer.getString(0, StandardCharsets.UTF_8);
        }
    }

    /// Frees the weights. Idempotent.
    ///
    /// @throws IllegalStateException if a context or an adapter of it is still open: freeing it would crash them
    @Override
    public void close() {
        if (dependants.get() != 0 && !closed.get()) {
            throw new IllegalStateException(
                    "model " + path + " still has " + dependants.get() + " open contexts or adapters");
        }
        if (closed.compareAndSet(false, true) && !library.isExiting()) {
            Llama.llama_model_free(handle);
        }
    }
}
