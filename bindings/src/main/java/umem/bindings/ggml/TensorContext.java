package umem.bindings.ggml;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import umem.bindings.internal.generated.Ggml;
import umem.bindings.internal.generated.ggml_init_params;
import umem.bindings.internal.generated.ggml_tensor;

/// The descriptions of the tensors of one owner, a [TensorBuffer] or a [Graph]: a pool of fixed size, where ggml ends
/// the process when it overflows.
///
/// Owns one native handle, which the owner closes. Thread rule: one thread at a time while tensors are made.
final class TensorContext {
    private static final int MAX_TENSORS = 1 << 16;

    private final Backend backend;
    private final MemorySegment handle;
    private final int capacity;
    private final List<Tensor> inputs = new ArrayList<>();
    private @Nullable TensorBuffer buffer;
    private int used;
    private volatile boolean closed;

    /// @param capacity tensors that may be made
    /// @param extra bytes for other objects
    TensorContext(Backend backend, int capacity, long extra) {
        if (capacity < 1 || capacity > MAX_TENSORS) {
            throw new IllegalArgumentException(capacity + " tensors; 1 to " + MAX_TENSORS + " are possible");
        }
        this.backend = backend;
        this.capacity = capacity;
        backend.retain();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = ggml_init_params.allocate(arena);
            ggml_init_params.mem_size(params, capacity * Ggml.ggml_tensor_overhead() + extra);
            ggml_init_params.mem_buffer(params, MemorySegment.NULL);
            ggml_init_params.no_alloc(params, true);
            this.handle = Ggml.ggml_init(params);
        } catch (Throwable t) {
            backend.release();
            throw t;
        }
        if (handle.address() == 0) {
            backend.release();
            throw new OutOfMemoryError("ggml_init");
        }
    }

    Backend backend() {
        return backend;
    }

    MemorySegment handle() {
        requireOpen();
        return handle;
    }

    /// The buffer that the tensors are stored in, null for those of a graph.
    @Nullable
    TensorBuffer buffer() {
        return buffer;
    }

    void storeIn(TensorBuffer owner) {
        buffer = owner;
    }

    /// The handle, for one more tensor.
    MemorySegment next() {
        requireOpen();
        if (used == capacity) {
            throw new IllegalStateException("more than the " + capacity + " tensors that were planned");
        }
        used++;
        return handle;
    }

    /// A new tensor without data.
    Tensor newTensor(TensorType type, Tensor.Role role, long... shape) {
        Shape checked = Shape.of(type, shape);
        MemorySegment handle = Ggml.ggml_new_tensor_4d(
                next(), type.code(), checked.extent(0), checked.extent(1), checked.extent(2), checked.extent(3));
        Tensor tensor = new Tensor(this, handle, type, role, null);
        if (role == Tensor.Role.INPUT) {
            inputs.add(tensor);
        }
        return tensor;
    }

    /// Fills the inputs that the graph uses with zeros.
    void clearInputs() {
        backend.exclusively(() -> {
            for (Tensor input : inputs) {
                if (ggml_tensor.data(input.handle()).address() != 0) {
                    Ggml.ggml_backend_tensor_memset(input.handle(), (byte) 0, 0, input.bytes());
                }
            }
            return this;
        });
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the tensor's buffer or graph is closed");
        }
    }

    /// Frees the descriptions. The owner does so once, after what was allocated for them.
    void close() {
        closed = true;
        backend.free(() -> Ggml.ggml_free(handle));
        backend.release();
    }
}
