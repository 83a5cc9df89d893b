package umem.bindings.ggml;

import umem.bindings.internal.generated.Ggml;

/// What the values of a [Tensor] are, in native byte order.
public enum TensorType {
    /// IEEE single precision.
    F32(Ggml.GGML_TYPE_F32(), 4),
    /// IEEE half precision.
    F16(Ggml.GGML_TYPE_F16(), 2),
    /// The upper half of a single.
    BF16(Ggml.GGML_TYPE_BF16(), 2),
    /// Integers: indices of rows.
    I32(Ggml.GGML_TYPE_I32(), 4);

    private final int code;
    private final int bytes;

    TensorType(int code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    int code() {
        return code;
    }

    /// Bytes a value.
    public int bytes() {
        return bytes;
    }

    /// Whether the values are floating-point numbers.
    public boolean isFloat() {
        return this != I32;
    }
}
