package umem.engine.embedding.bert;

import java.nio.file.Path;
import umem.bindings.llama.GgufHeader;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The sizes of a BERT encoder.
///
/// @param layers 1 or more
/// @param width of a token's state, `H`; a multiple of `heads`
/// @param heads of each layer's attention
/// @param feedForward width of the layer between, `F`
/// @param context most tokens of a text
/// @param epsilon of the normalisations
record BertShape(int layers, int width, int heads, int feedForward, int context, float epsilon) {
    /// Far beyond every encoder there is; keeps products of sizes within 32 bits.
    private static final long LARGEST = 1 << 16;

    /// Reads what a file says about itself.
    ///
    /// @throws UmemException of kind MODEL if a size is missing or absurd
    static BertShape of(Path gguf, GgufHeader header) {
        int width = size(gguf, header, "embedding_length");
        int heads = size(gguf, header, "attention.head_count");
        if (width % heads != 0) {
            throw damaged(gguf, "claims " + heads + " heads for a width of " + width);
        }
        double epsilon =
                header.metadata().get("bert.attention.layer_norm_epsilon") instanceof Double value ? value : -1;
        if (!(epsilon >= 0 && epsilon < 1)) {
            throw damaged(gguf, "gives no epsilon for its normalisations");
        }
        return new BertShape(
                size(gguf, header, "block_count"),
                width,
                heads,
                size(gguf, header, "feed_forward_length"),
                size(gguf, header, "context_length"),
                (float) epsilon);
    }

    /// Width of a head's part of a state.
    int headWidth() {
        return width / heads;
    }

    private static int size(Path gguf, GgufHeader header, String key) {
        long size = header.number(key, -1);
        if (size < 1 || size > LARGEST) {
            throw damaged(gguf, "gives " + (size == -1 ? "no " + key : "the " + key + " " + size));
        }
        return (int) size;
    }

    static UmemException damaged(Path gguf, String what) {
        return new UmemException(
                ErrorKind.MODEL, "encoder " + gguf + " is damaged: it " + what + "; fetch or convert it again");
    }
}
