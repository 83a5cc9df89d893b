package umem.bindings.ggml;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;
import umem.bindings.NativeException;
import umem.bindings.internal.generated.Ggml;
import umem.bindings.internal.generated.ggml_tensor;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A computation that can be run any number of times: set the inputs, [#compute()], get the outputs. Made by a
/// [GraphBuilder].
///
/// Owns three native handles: the description, the plan of its memory, and the memory of inputs and results, parts of
/// which serve several results one after the other. Thread rule: as [Backend]; who sets, computes and gets on several
/// threads must see to it that nobody comes between.
public final class Graph implements AutoCloseable {
    private final TensorContext context;
    private final Set<TensorBuffer> buffers;
    private final MemorySegment handle;
    private final MemorySegment allocator;
    private boolean closed;

    private Graph(TensorContext context, Set<TensorBuffer> buffers, MemorySegment handle, MemorySegment allocator) {
        this.context = context;
        this.buffers = buffers;
        this.handle = handle;
        this.allocator = allocator;
    }

    /// Bytes of a description's pool that a graph takes.
    static long overhead(int maxTensors) {
        return Ggml.ggml_graph_overhead_custom(size(maxTensors), false);
    }

    /// Leaves are counted apart from operations: inputs and stored tensors.
    private static long size(int maxTensors) {
        return 2L * maxTensors;
    }

    /// Takes over the context, and the hold on the buffers, if all goes well.
    static Graph build(TensorContext context, int maxTensors, List<Tensor> outputs, Set<TensorBuffer> buffers) {
        Backend backend = context.backend();
        MemorySegment graph = Ggml.ggml_new_graph_custom(context.handle(), size(maxTensors), false);
        for (Tensor output : outputs) {
            output.markOutput();
            Ggml.ggml_build_forward_expand(graph, output.handle());
        }
        requireSupport(backend, graph);
        requireMemory(backend, graph);
        MemorySegment allocator = Ggml.ggml_gallocr_new(backend.bufferType());
        try {
            if (!backend.exclusively(() -> Ggml.ggml_gallocr_alloc_graph(allocator, graph))) {
                throw new NativeException(
                        ErrorKind.NATIVE,
                        "the memory of a graph cannot be allocated on " + backend.name(),
                        "ggml_gallocr_alloc_graph",
                        0,
                        null,
                        backend.library().version());
            }
            context.clearInputs();
            return new Graph(context, buffers, graph, allocator);
        } catch (Throwable t) {
            backend.free(() -> Ggml.ggml_gallocr_free(allocator));
            throw t;
        }
    }

    private static void requireSupport(Backend backend, MemorySegment graph) {
        int nodes = Ggml.ggml_graph_n_nodes(graph);
        for (int i = 0; i < nodes; i++) {
            MemorySegment node = Ggml.ggml_graph_node(graph, i);
            if (!backend.supports(node)) {
                throw new UmemException(
                        ErrorKind.NATIVE,
                        backend.name() + " cannot compute " + Backend.text(Ggml.ggml_op_desc(node)) + " of "
                                + Shape.read(node.reinterpret(ggml_tensor.sizeof())));
            }
        }
    }

    private static void requireMemory(Backend backend, MemorySegment graph) {
        MemorySegment planner = Ggml.ggml_gallocr_new(backend.bufferType());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
            Ggml.ggml_gallocr_reserve_n_size(planner, graph, MemorySegment.NULL, MemorySegment.NULL, size);
            backend.requireMemory(size.get(ValueLayout.JAVA_LONG, 0), "the intermediate results of a graph");
        } finally {
            Ggml.ggml_gallocr_free(planner);
        }
    }

    /// Bytes of the device's memory that inputs and results take.
    public long bytes() {
        context.requireOpen();
        return Ggml.ggml_gallocr_get_buffer_size(allocator, 0);
    }

    /// Computes all outputs from the inputs and the stored tensors as they are now. Returns when they can be read.
    ///
    /// @throws NativeException if the device fails in a way that the process survives
    public void compute() {
        Backend backend = context.backend();
        int code = backend.exclusively(() -> {
            context.requireOpen();
            return backend.compute(handle);
        });
        if (code != Ggml.GGML_STATUS_SUCCESS()) {
            throw new NativeException(
                    ErrorKind.NATIVE,
                    backend.name() + " failed",
                    "ggml_backend_graph_compute",
                    code,
                    Backend.text(Ggml.ggml_status_to_string(code)),
                    backend.library().version());
        }
    }

    /// Frees memory and description, once a running computation has ended. Idempotent.
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        context.backend().free(() -> Ggml.ggml_gallocr_free(allocator));
        context.close();
        buffers.forEach(TensorBuffer::release);
    }
}
