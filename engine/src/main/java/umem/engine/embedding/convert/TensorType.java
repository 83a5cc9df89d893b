package umem.engine.embedding.convert;

import java.nio.ByteBuffer;

/// How a converted file keeps its matrices.
public enum TensorType {
    /// 32 bits a weight: what the model was published with.
    F32(0, 4),
    /// 16 bits a weight: half the size, embeddings equal to about five digits.
    F16(1, 2);

    private final int code;
    private final int width;

    TensorType(int code, int width) {
        this.code = code;
        this.width = width;
    }

    /// The code of both `ggml_type` and `general.file_type`.
    int code() {
        return code;
    }

    /// Bytes a weight.
    int width() {
        return width;
    }

    void put(ByteBuffer buffer, float value) {
        if (this == F32) {
            buffer.putFloat(value);
        } else {
            buffer.putShort(Float.floatToFloat16(value));
        }
    }
}
