package umem.engine.embedding;

import org.jspecify.annotations.Nullable;

/// How the states of a text's tokens become its one embedding: a property of the trained model, written into its file.
public enum Pooling {
    /// The mean over all tokens.
    MEAN(1),
    /// The state of the first token, `[CLS]`.
    CLS(2),
    /// The state of the last token.
    LAST(3);

    private final int code;

    Pooling(int code) {
        this.code = code;
    }

    /// The value of `ARCHITECTURE.pooling_type` in a GGUF file.
    public int code() {
        return code;
    }

    /// The pooling of a GGUF code, or null where the code means none of them.
    static @Nullable Pooling of(long code) {
        for (Pooling pooling : values()) {
            if (pooling.code == code) {
                return pooling;
            }
        }
        return null;
    }
}
