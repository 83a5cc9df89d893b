package umem.bindings.ggml;

import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import umem.bindings.internal.generated.Ggml;

/// Describes a computation, operation by operation; [#build] makes it a [Graph]. Nothing is computed here.
///
/// Every operation checks types and extents, which are written innermost first, as (values a row, rows, ...).
///
/// Owns one native handle until [#build] hands it over. Thread rule: one thread at a time. All operations throw
/// [IllegalArgumentException] for tensors that do not fit, [IllegalStateException] for those whose owner is closed, or
/// when there are more tensors than planned.
public final class GraphBuilder implements AutoCloseable {
    /// ggml walks from an output to the inputs by recursion, on the stack of the calling thread.
    private static final int MAX_DEPTH = 2048;

    private final Backend backend;
    private final int maxTensors;
    private final TensorContext context;
    private final Set<TensorBuffer> buffers = new HashSet<>();
    private final Set<Tensor> stored = Collections.newSetFromMap(new IdentityHashMap<>());
    private int deepest;
    private boolean done;

    /// @param maxTensors inputs, operations and stored tensors that there will be at most
    public GraphBuilder(Backend backend, int maxTensors) {
        if (maxTensors < 1) {
            throw new IllegalArgumentException(maxTensors + " tensors");
        }
        this.backend = backend;
        this.maxTensors = maxTensors;
        this.context = new TensorContext(backend, maxTensors, Graph.overhead(maxTensors));
    }

    /// A tensor that is set before the graph is computed, and keeps what it was set to; zeros at first.
    public Tensor input(TensorType type, long... extents) {
        requireUnfinished();
        Tensor tensor = context.newTensor(type, Tensor.Role.INPUT, extents);
        // As an output too, so that its memory is not used again for results.
        Ggml.ggml_set_input(tensor.handle());
        Ggml.ggml_set_output(tensor.handle());
        return tensor;
    }

    /// The inner products of rows: a (n, r) and b (n, s) give (r, s), in F32, summed in single precision. Axes 2 and 3
    /// of
    /// b may be multiples of those of a, which is repeated.
    ///
    /// @param a of floating-point values, rows without gaps
    /// @param b of F32 values, rows without gaps
    public Tensor mulMat(Tensor a, Tensor b) {
        MemorySegment x = operand(a);
        MemorySegment y = operand(b);
        require(
                a.type().isFloat()
                        && b.type() == TensorType.F32
                        && a.shape().hasWholeRows(a.type())
                        && b.shape().hasWholeRows(b.type())
                        && a.extent(0) == b.extent(0)
                        && b.extent(2) % a.extent(2) == 0
                        && b.extent(3) % a.extent(3) == 0,
                "mulMat",
                a,
                b);
        MemorySegment result = Ggml.ggml_mul_mat(context.next(), x, y);
        // CUDA would sum half precision in half precision.
        Ggml.ggml_prec_set_acc(result, Ggml.GGML_PREC_F32());
        return result(result, TensorType.F32);
    }

    /// The indices (I32) of the k greatest values of each row, in no order.
    ///
    /// @param a of F32 values, without gaps
    /// @param k 1 to the values of a row
    public Tensor topK(Tensor a, int k) {
        MemorySegment x = operand(a);
        require(a.type() == TensorType.F32 && a.isContiguous() && k >= 1 && k <= a.extent(0), "topK " + k, a);
        return result(Ggml.ggml_top_k(context.next(), x, k), TensorType.I32).below(a.extent(0));
    }

    /// The indices (I32) of all values of each row, greatest first.
    ///
    /// @param a of F32 values, without gaps
    public Tensor argsort(Tensor a) {
        MemorySegment x = operand(a);
        require(a.type() == TensorType.F32 && a.isContiguous() && a.extent(0) <= Integer.MAX_VALUE, "argsort", a);
        return result(Ggml.ggml_argsort(context.next(), x, Ggml.GGML_SORT_ORDER_DESC()), TensorType.I32)
                .below(a.extent(0));
    }

    /// Rows by index: a (n, r, p, q) and indices (m, p, q) give (n, m, p, q), I32 where `a` is, else F32.
    ///
    /// @param a rows without gaps
    /// @param indices of type I32 without gaps, all below r: those of an input are checked when they are set
    public Tensor getRows(Tensor a, Tensor indices) {
        MemorySegment x = operand(a);
        MemorySegment y = operand(indices);
        require(
                indices.type() == TensorType.I32
                        && indices.isContiguous()
                        && a.shape().hasWholeRows(a.type())
                        && a.extent(2) == indices.extent(1)
                        && a.extent(3) == indices.extent(2)
                        && indices.extent(3) == 1,
                "getRows",
                a,
                indices);
        indices.requireIndices(a.extent(1));
        TensorType type = a.type() == TensorType.I32 ? TensorType.I32 : TensorType.F32;
        return result(Ggml.ggml_get_rows(context.next(), x, y), type).below(a.bound());
    }

    /// Other extents for the same values.
    ///
    /// @param a without gaps
    public Tensor reshape(Tensor a, long... extents) {
        MemorySegment x = operand(a);
        Shape shape = Shape.of(a.type(), extents);
        require(a.isContiguous() && shape.count() == a.count(), "reshape to " + shape, a);
        return view(
                a,
                Ggml.ggml_reshape_4d(
                        context.next(), x, shape.extent(0), shape.extent(1), shape.extent(2), shape.extent(3)));
    }

    /// A window on the memory of a tensor.
    ///
    /// @param extents four, each at least 1
    /// @param strides distance in bytes of neighbours along axes 1 to 3
    /// @param offset of the first value from that of `a`, in bytes
    public Tensor view(Tensor a, long[] extents, long[] strides, long offset) {
        MemorySegment x = operand(a);
        Shape whole = Shape.of(a.type(), extents);
        int value = a.type().bytes();
        if (extents.length != Shape.AXES || strides.length != Shape.AXES - 1) {
            throw new IllegalArgumentException("a view has 4 extents and 3 strides");
        }
        for (long stride : strides) {
            // Not above the memory that there is, so that the sum of all cannot overflow.
            require(
                    stride >= value
                            && stride % value == 0
                            && stride <= a.shape().span(a.type()),
                    "view",
                    a);
        }
        Shape window = new Shape(whole.extents(), new long[] {value, strides[0], strides[1], strides[2]});
        long room = a.shape().span(a.type()) - offset;
        require(
                offset >= 0
                        && offset % value == 0
                        && whole.count() * value <= room
                        && reaches(window, a.type()) <= room,
                "view of " + whole + " at " + offset,
                a);
        return view(
                a,
                Ggml.ggml_view_4d(
                        context.next(),
                        x,
                        whole.extent(0),
                        whole.extent(1),
                        whole.extent(2),
                        whole.extent(3),
                        strides[0],
                        strides[1],
                        strides[2],
                        offset));
    }

    /// [Shape#span], [Long#MAX_VALUE] where that overflows.
    private static long reaches(Shape window, TensorType type) {
        try {
            long span = type.bytes();
            for (int axis = 0; axis < Shape.AXES; axis++) {
                span = Math.addExact(span, Math.multiplyExact(window.extent(axis) - 1, window.stride(axis)));
            }
            return span;
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE;
        }
    }

    /// The rows `first` to `first + count - 1` of a matrix.
    public Tensor rows(Tensor a, long first, long count) {
        require(
                a.extent(2) == 1 && a.extent(3) == 1 && first >= 0 && count >= 1 && count <= a.extent(1) - first,
                "rows " + first + " and " + count + " on",
                a);
        long stride = a.stride(1);
        long all = stride * count;
        return view(a, new long[] {a.extent(0), count, 1, 1}, new long[] {stride, all, all}, first * stride);
    }

    /// The same values with axes exchanged: axis i becomes axis `axes[i]`.
    public Tensor permute(Tensor a, int... axes) {
        MemorySegment x = operand(a);
        int seen = 0;
        for (int axis : axes) {
            seen |= axis >= 0 && axis < Shape.AXES ? 1 << axis : 0;
        }
        require(axes.length == Shape.AXES && seen == 0b1111, "permute", a);
        return view(a, Ggml.ggml_permute(context.next(), x, axes[0], axes[1], axes[2], axes[3]));
    }

    /// Rows become columns.
    public Tensor transpose(Tensor a) {
        return permute(a, 1, 0, 2, 3);
    }

    /// A copy without gaps.
    public Tensor cont(Tensor a) {
        return result(Ggml.ggml_cont(next(), operand(a)), a.type()).below(a.bound());
    }

    /// A copy of another floating-point type.
    public Tensor cast(Tensor a, TensorType type) {
        MemorySegment x = operand(a);
        require(a.type().isFloat() && type.isFloat(), "cast to " + type, a);
        return result(Ggml.ggml_cast(context.next(), x, type.code()), type);
    }

    /// Writes a into b when the graph is computed, converting the floating-point type.
    ///
    /// @return b after that; an output, or used by one, lest the copy be left out
    public Tensor copy(Tensor a, Tensor b) {
        MemorySegment x = operand(a);
        MemorySegment y = operand(b);
        require(a.type().isFloat() && b.type().isFloat() && a.count() == b.count(), "copy", a, b);
        return view(b, Ggml.ggml_cpy(context.next(), x, y));
    }

    /// Sums of values; b is repeated where it is smaller.
    ///
    /// @param a of F32 values, rows without gaps
    /// @param b of F32 values, rows without gaps, of extents that divide those of a
    public Tensor add(Tensor a, Tensor b) {
        MemorySegment x = operand(a);
        MemorySegment y = operand(b);
        requireRepeatable("add", a, b);
        return result(Ggml.ggml_add(context.next(), x, y), TensorType.F32);
    }

    /// Products of values; b is repeated where it is smaller.
    ///
    /// @param a of F32 values, rows without gaps
    /// @param b of F32 values, rows without gaps, of extents that divide those of a
    public Tensor mul(Tensor a, Tensor b) {
        MemorySegment x = operand(a);
        MemorySegment y = operand(b);
        requireRepeatable("mul", a, b);
        return result(Ggml.ggml_mul(context.next(), x, y), TensorType.F32);
    }

    /// All values times a factor.
    ///
    /// @param a of F32 values, without gaps
    public Tensor scale(Tensor a, float factor) {
        MemorySegment x = operand(a);
        require(a.type() == TensorType.F32 && a.isContiguous(), "scale", a);
        return result(Ggml.ggml_scale(context.next(), x, factor), TensorType.F32);
    }

    /// Makes the graph that computes these outputs, and what they need.
    ///
    /// @param outputs at least one, tensors of this builder
    /// @throws UmemException of kind NATIVE if the device lacks an operation, or has too little memory
    public Graph build(Tensor... outputs) {
        requireUnfinished();
        if (outputs.length == 0) {
            throw new IllegalArgumentException("a graph without outputs computes nothing");
        }
        for (Tensor output : outputs) {
            require(output.context() == context, "output", output);
        }
        Graph graph = Graph.build(context, maxTensors, List.of(outputs), buffers);
        done = true;
        return graph;
    }

    /// The native form of an operand, and the note that the graph needs it.
    MemorySegment operand(Tensor tensor) {
        requireUnfinished();
        TensorContext of = tensor.context();
        if (of != context) {
            TensorBuffer buffer = of.buffer();
            if (of.backend() != backend || buffer == null) {
                throw new IllegalArgumentException(tensor + " belongs to another backend or graph");
            }
            if (buffers.add(buffer)) {
                buffer.retain();
            }
            if (stored.add(tensor) && stored.size() > maxTensors) {
                throw new IllegalStateException("more than the " + maxTensors + " tensors that were planned");
            }
        }
        deepest = Math.max(deepest, tensor.depth());
        return tensor.handle();
    }

    /// The context, for an operation that makes one tensor.
    MemorySegment next() {
        requireUnfinished();
        return context.next();
    }

    /// What an operation yields.
    Tensor result(MemorySegment handle, TensorType type) {
        return place(new Tensor(context, handle, type, Tensor.Role.RESULT, null));
    }

    /// What an operation yields that shares the memory of an operand.
    private Tensor view(Tensor of, MemorySegment handle) {
        return place(new Tensor(context, handle, of.type(), Tensor.Role.RESULT, of.root()))
                .below(of.bound());
    }

    private Tensor place(Tensor tensor) {
        tensor.placeAt(deepest + 1);
        deepest = 0;
        if (tensor.depth() > MAX_DEPTH) {
            throw new IllegalStateException("more than " + MAX_DEPTH + " operations in a row: make two graphs of them");
        }
        return tensor;
    }

    private static void requireRepeatable(String operation, Tensor a, Tensor b) {
        require(
                a.type() == TensorType.F32
                        && b.type() == TensorType.F32
                        && a.shape().hasWholeRows(a.type())
                        && b.shape().hasWholeRows(b.type())
                        && b.shape().canRepeatTo(a.shape()),
                operation,
                a,
                b);
    }

    static void require(boolean fits, String operation, Tensor... operands) {
        if (!fits) {
            throw new IllegalArgumentException(operation + " is not possible with " + List.of(operands));
        }
    }

    private void requireUnfinished() {
        if (done) {
            throw new IllegalStateException("the graph is built already, or the builder closed");
        }
    }

    /// Frees what was described, unless a graph has been built from it. Idempotent.
    @Override
    public void close() {
        if (!done) {
            done = true;
            context.close();
            buffers.forEach(TensorBuffer::release);
        }
    }
}
