package umem.bindings.ggml;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import umem.bindings.NativeException;
import umem.bindings.internal.generated.Ggml;
import umem.error.ErrorKind;

/// Tensors that stay on the device: rows to search, weights, the state of an optimiser. They hold zeros at first.
///
/// Owns two native handles. Graphs that use its tensors must be closed first, which [#close()] checks.
public final class TensorBuffer implements AutoCloseable {
    private final TensorContext context;
    private final List<Tensor> tensors;
    private final MemorySegment buffer;
    private final AtomicInteger graphs = new AtomicInteger();
    private boolean closed;

    private TensorBuffer(TensorContext context, List<Tensor> tensors, MemorySegment buffer) {
        this.context = context;
        this.tensors = tensors;
        this.buffer = buffer;
        context.storeIn(this);
    }

    /// One tensor to make.
    ///
    /// @param type of its values
    /// @param extents 1 to 4, each at least 1, the innermost first
    public record Plan(TensorType type, long... extents) {}

    /// Allocates tensors.
    ///
    /// @param plans at least one
    /// @throws UmemException of kind NATIVE if the device has too little memory
    public static TensorBuffer allocate(Backend backend, List<Plan> plans) {
        TensorContext context = new TensorContext(backend, Math.max(1, plans.size()), 0);
        try {
            List<Tensor> tensors = new ArrayList<>(plans.size());
            for (Plan plan : plans) {
                tensors.add(context.newTensor(plan.type(), Tensor.Role.STORED, plan.extents()));
            }
            if (tensors.isEmpty()) {
                throw new IllegalArgumentException("no tensors to allocate");
            }
            MemorySegment type = backend.bufferType();
            long bytes = Ggml.ggml_backend_alloc_ctx_tensors_from_buft_size(context.handle(), type);
            String what = "tensors such as " + tensors.getFirst();
            backend.requireMemory(bytes, what);
            MemorySegment buffer =
                    backend.exclusively(() -> Ggml.ggml_backend_alloc_ctx_tensors_from_buft(context.handle(), type));
            if (buffer.address() == 0) {
                throw new NativeException(
                        ErrorKind.NATIVE,
                        bytes + " bytes for " + what + " cannot be allocated on " + backend.name(),
                        "ggml_backend_alloc_ctx_tensors_from_buft",
                        0,
                        null,
                        backend.library().version());
            }
            backend.exclusively(() -> {
                Ggml.ggml_backend_buffer_clear(buffer, (byte) 0);
                return buffer;
            });
            return new TensorBuffer(context, List.copyOf(tensors), buffer);
        } catch (Throwable t) {
            context.close();
            throw t;
        }
    }

    /// The tensor of the plan at this place.
    public Tensor tensor(int index) {
        return tensors.get(index);
    }

    /// All tensors, in the order of the plans.
    public List<Tensor> tensors() {
        return tensors;
    }

    synchronized void retain() {
        context.requireOpen();
        graphs.incrementAndGet();
    }

    void release() {
        graphs.decrementAndGet();
    }

    /// Frees the memory. Idempotent.
    ///
    /// @throws IllegalStateException while graphs that use it are open
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        if (graphs.get() != 0) {
            throw new IllegalStateException("the buffer is still used by " + graphs.get() + " open graphs");
        }
        closed = true;
        context.backend().free(() -> Ggml.ggml_backend_buffer_free(buffer));
        context.close();
    }
}
