package umem.bindings.llama;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import umem.bindings.NativeException;
import umem.bindings.internal.generated.Llama;
import umem.error.ErrorKind;

/// A LoRA adapter for one [Model]. Applied with [Context#setAdapters].
///
/// Owns one native handle, no arena. Close it after every context that uses it and before the model. Loading and
/// closing may happen on any thread.
public final class Adapter implements AutoCloseable {
    private final Model model;
    private final MemorySegment handle;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Adapter(Model model, MemorySegment handle) {
        this.model = model;
        this.handle = handle;
    }

    /// Loads an adapter.
    ///
    /// @param path a GGUF file of type `adapter` for the model's architecture
    /// @throws NativeException of kind MODEL if it does not fit the model
    public static Adapter load(Model model, Path path) {
        GgufHeader.read(path);
        model.retain();
        MemorySegment handle;
        String error;
        try (Arena arena = Arena.ofConfined()) {
            synchronized (Model.class) {
                NativeLog.clear();
                handle = Llama.llama_adapter_lora_init(model.handle(), arena.allocateFrom(path.toString()));
                error = NativeLog.firstError();
            }
        }
        if (handle.address() == 0) {
            model.release();
            throw new NativeException(
                    ErrorKind.MODEL,
                    "adapter " + path + " does not fit " + model.path(),
                    "llama_adapter_lora_init",
                    0,
                    error,
                    model.library().version());
        }
        return new Adapter(model, handle);
    }

    MemorySegment handle() {
        if (closed.get()) {
            throw new IllegalStateException("the adapter is closed");
        }
        return handle;
    }

    /// The model it was made for.
    public Model model() {
        return model;
    }

    /// Frees the adapter. Idempotent.
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            Llama.llama_adapter_lora_free(handle);
            model.release();
        }
    }
}
