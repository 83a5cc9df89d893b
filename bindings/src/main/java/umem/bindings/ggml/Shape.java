package umem.bindings.ggml;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import umem.bindings.internal.generated.ggml_tensor;

/// Extents of the four axes of a tensor, and the distance in bytes of neighbours along each. Axis 0 is the innermost:
/// the values of a row; a matrix of `r` rows of `c` values has the extents (c, r, 1, 1).
record Shape(long[] extents, long[] strides) {
    static final int AXES = 4;

    /// The contiguous shape with these extents; missing ones are 1.
    static Shape of(TensorType type, long... extents) {
        if (extents.length < 1 || extents.length > AXES) {
            throw new IllegalArgumentException(extents.length + " extents; a tensor has 1 to " + AXES);
        }
        long[] full = {1, 1, 1, 1};
        long[] strides = new long[AXES];
        long bytes = type.bytes();
        for (int axis = 0; axis < AXES; axis++) {
            if (axis < extents.length) {
                full[axis] = extents[axis];
            }
            if (full[axis] < 1) {
                throw new IllegalArgumentException("extent " + full[axis] + " of axis " + axis + " is below 1");
            }
            strides[axis] = bytes;
            try {
                bytes = Math.multiplyExact(bytes, full[axis]);
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException(
                        "a tensor of extents " + Arrays.toString(extents) + " is too big", e);
            }
        }
        return new Shape(full, strides);
    }

    /// What ggml has written into the description of a tensor.
    static Shape read(MemorySegment tensor) {
        long[] extents = new long[AXES];
        long[] strides = new long[AXES];
        for (int axis = 0; axis < AXES; axis++) {
            extents[axis] = ggml_tensor.ne(tensor, axis);
            strides[axis] = ggml_tensor.nb(tensor, axis);
        }
        return new Shape(extents, strides);
    }

    long extent(int axis) {
        return extents[axis];
    }

    long stride(int axis) {
        return strides[axis];
    }

    /// Number of values.
    long count() {
        return extents[0] * extents[1] * extents[2] * extents[3];
    }

    /// Bytes from the first value to the end of the last.
    long span(TensorType type) {
        long span = type.bytes();
        for (int axis = 0; axis < AXES; axis++) {
            span += (extents[axis] - 1) * strides[axis];
        }
        return span;
    }

    /// Whether the values lie in order without gaps.
    boolean isContiguous(TensorType type) {
        long next = type.bytes();
        for (int axis = 0; axis < AXES; axis++) {
            if (extents[axis] != 1 && strides[axis] != next) {
                return false;
            }
            next *= extents[axis];
        }
        return true;
    }

    /// Whether the values of a row lie next to each other.
    boolean hasWholeRows(TensorType type) {
        return strides[0] == type.bytes();
    }

    boolean sameExtents(Shape other) {
        return Arrays.equals(extents, other.extents);
    }

    /// Whether repeating this whole fills the other.
    boolean canRepeatTo(Shape other) {
        for (int axis = 0; axis < AXES; axis++) {
            if (other.extents[axis] % extents[axis] != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        int last = AXES - 1;
        while (last > 0 && extents[last] == 1) {
            last--;
        }
        return Arrays.toString(Arrays.copyOf(extents, last + 1));
    }
}
