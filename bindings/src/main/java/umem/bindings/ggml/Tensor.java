package umem.bindings.ggml;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import umem.bindings.internal.generated.Ggml;
import umem.bindings.internal.generated.ggml_tensor;

/// An array of up to four axes on a [Backend]'s device: stored in a [TensorBuffer], an input of a [Graph], or what an
/// operation of a graph yields. Axis 0 is the innermost, the values of a row.
///
/// Owns nothing: it lives as long as the buffer or graph that made it. Thread rule: data may be set and read on any
/// thread, one transfer or computation of the backend at a time.
public final class Tensor {
    /// Where the data comes from.
    enum Role {
        STORED,
        INPUT,
        RESULT
    }

    private final TensorContext context;
    private final MemorySegment handle;
    private final TensorType type;
    private final Shape shape;
    private final Role role;
    private final @Nullable Tensor base;

    /// Values are below it; what an I32 tensor is an index for decides it.
    private int bound = Integer.MAX_VALUE;

    /// For an I32 tensor that Java fills: the least and greatest value that it may hold now. ggml fills with zeros.
    private int least;

    private int greatest;
    private int depth;
    private boolean output;

    /// @param base the tensor that the data belongs to, null for one with data of its own
    Tensor(TensorContext context, MemorySegment handle, TensorType type, Role role, @Nullable Tensor base) {
        this.context = context;
        this.handle = handle.reinterpret(ggml_tensor.sizeof());
        this.type = type;
        this.role = role;
        this.base = base;
        this.shape = Shape.read(this.handle);
        if (ggml_tensor.type(this.handle) != type.code()) {
            throw new IllegalStateException("ggml made a tensor of another type than " + type);
        }
    }

    TensorContext context() {
        return context;
    }

    MemorySegment handle() {
        context.requireOpen();
        return handle;
    }

    Shape shape() {
        return shape;
    }

    Role role() {
        return role;
    }

    /// The tensor that the data belongs to: this one, unless it is a view.
    Tensor root() {
        return base == null ? this : base;
    }

    /// Type of the values.
    public TensorType type() {
        return type;
    }

    /// Extent of an axis, at least 1.
    ///
    /// @param axis 0 (the innermost) to 3
    public long extent(int axis) {
        return shape.extent(axis);
    }

    /// Distance in bytes of neighbours along an axis.
    ///
    /// @param axis 0 (the innermost) to 3
    public long stride(int axis) {
        return shape.stride(axis);
    }

    /// Number of values.
    public long count() {
        return shape.count();
    }

    /// Bytes of all values.
    public long bytes() {
        return shape.count() * type.bytes();
    }

    boolean isContiguous() {
        return shape.isContiguous(type);
    }

    /// Operations in a row before it, 0 for data.
    int depth() {
        return depth;
    }

    void placeAt(int newDepth) {
        depth = newDepth;
    }

    int bound() {
        return bound;
    }

    /// Notes that an operation yields values below `limit` only.
    Tensor below(long limit) {
        bound = (int) Math.min(bound, limit);
        return this;
    }

    /// Makes sure that all values, those set later too, are indices below `limit`.
    void requireIndices(long limit) {
        Tensor root = root();
        if (root.role == Role.RESULT) {
            if (bound > limit) {
                throw new IllegalArgumentException("the indices of " + this + " may reach beyond " + limit + " rows");
            }
            return;
        }
        context.backend().exclusively(() -> {
            if (root.least < 0 || root.greatest >= limit) {
                throw new IllegalArgumentException(root + " holds " + (root.least < 0 ? root.least : root.greatest)
                        + ", which is no index of " + limit + " rows");
            }
            return root.below(limit);
        });
    }

    void markOutput() {
        output = true;
        Ggml.ggml_set_output(handle());
        if (base != null) {
            // The flag of a view does not keep the memory below it from being used again.
            Ggml.ggml_set_output(base.handle());
        }
    }

    /// Sets all values.
    ///
    /// @param data [#bytes()] bytes of native byte order, on or off the heap, of any alignment
    /// @throws IllegalArgumentException if the size is wrong, or an index is out of range
    /// @throws IllegalStateException if this is neither a stored tensor nor an input of a built graph
    public void set(MemorySegment data) {
        if (data.byteSize() != bytes()) {
            throw new IllegalArgumentException(data.byteSize() + " bytes, but " + this + " has " + bytes() + " bytes");
        }
        set(0, data);
    }

    /// Sets some of the values.
    ///
    /// @param offset where to begin, in bytes, a multiple of the size of a value
    /// @param data whole values, of native byte order, on or off the heap, of any alignment
    /// @throws IllegalArgumentException if they do not fit, or an index is out of range
    /// @throws IllegalStateException if this is neither a stored tensor nor an input of a built graph
    public void set(long offset, MemorySegment data) {
        if (role == Role.RESULT) {
            throw new IllegalStateException("an operation yields " + this + "; it cannot be set");
        }
        check(offset, data);
        if (data.byteSize() == 0) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            // Checked and sent from one copy where the values matter: another thread may write to the caller's.
            MemorySegment values = data.isNative() && type != TensorType.I32
                    ? data
                    : arena.allocate(data.byteSize(), 16).copyFrom(data);
            transfer(() -> {
                noteIndices(values);
                Ggml.ggml_backend_tensor_set(handle, values, offset, values.byteSize());
            });
        }
    }

    private void noteIndices(MemorySegment values) {
        if (type != TensorType.I32) {
            return;
        }
        int low = least;
        int high = greatest;
        for (long i = 0; i < values.byteSize() / Integer.BYTES; i++) {
            int value = values.getAtIndex(ValueLayout.JAVA_INT, i);
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
        if (bound != Integer.MAX_VALUE && (low < 0 || high >= bound)) {
            throw new IllegalArgumentException(
                    (low < 0 ? low : high) + " is no index of " + bound + " rows, as " + this + " is used");
        }
        least = low;
        greatest = high;
    }

    /// Copies all values out.
    ///
    /// @param target receives [#bytes()] bytes, on or off the heap, of any alignment
    /// @throws IllegalStateException if this is neither a stored tensor nor an output of a built graph
    public void get(MemorySegment target) {
        if (target.byteSize() != bytes()) {
            throw new IllegalArgumentException(
                    target.byteSize() + " bytes, but " + this + " has " + bytes() + " bytes");
        }
        get(0, target);
    }

    /// Copies some of the values out.
    ///
    /// @param offset where to begin, in bytes, a multiple of the size of a value
    /// @param target receives whole values until it is full, on or off the heap, of any alignment
    /// @throws IllegalStateException if this is neither a stored tensor nor an output of a built graph
    public void get(long offset, MemorySegment target) {
        if (role != Role.STORED && !output) {
            throw new IllegalStateException(this + " is no output of its graph");
        }
        check(offset, target);
        if (target.byteSize() == 0) {
            return;
        }
        if (target.isNative()) {
            transfer(() -> Ggml.ggml_backend_tensor_get(handle, target, offset, target.byteSize()));
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(target.byteSize(), 16);
            transfer(() -> Ggml.ggml_backend_tensor_get(handle, values, offset, values.byteSize()));
            target.copyFrom(values);
        }
    }

    private void check(long offset, MemorySegment data) {
        if (!isContiguous()) {
            throw new IllegalStateException(this + " has gaps; copy it with cont first");
        }
        if (offset < 0
                || offset % type.bytes() != 0
                || data.byteSize() % type.bytes() != 0
                || offset > bytes() - data.byteSize()) {
            throw new IllegalArgumentException(data.byteSize() + " bytes at " + offset + " are no values of " + this
                    + " of " + bytes() + " bytes");
        }
    }

    private void transfer(Runnable work) {
        context.backend().exclusively(() -> {
            if (ggml_tensor.data(handle()).address() == 0) {
                throw new IllegalStateException(this + " has no memory yet: build its graph first");
            }
            work.run();
            return this;
        });
    }

    /// Type and extents, such as `F32 [384, 10]`.
    @Override
    public String toString() {
        return type + " " + shape;
    }
}
