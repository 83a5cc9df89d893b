package umem.bindings.llama;

import java.util.List;

/// Where a tensor of a GGUF file lies, as the file claims it: nothing is checked against the file's length.
///
/// @param type of its elements, a `ggml_type`
/// @param shape lengths of its dimensions, the one that varies fastest first
/// @param offset of its first byte in the file
public record GgufTensor(int type, List<Long> shape, long offset) {
    /// `ggml_type` of float32.
    public static final int F32 = 0;

    /// `ggml_type` of IEEE 754 half precision.
    public static final int F16 = 1;

    public GgufTensor {
        shape = List.copyOf(shape);
    }
}
