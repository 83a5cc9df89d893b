package umem.bindings.llama;

import umem.bindings.internal.generated.Llama;

/// How a context computes.
///
/// @param contextLength tokens that it can hold, over all sequences, 1 to 4,194,304
/// @param batchSize the most tokens of one decode call, at least 1
/// @param microBatchSize the most tokens computed at once, at least 1; an encoder's batch is one micro-batch
/// @param maxSequences sequences side by side, 1 to 256
/// @param threads threads that compute, at least 1
/// @param pooling how embeddings are made of token states, or [Pooling#NONE] for generation
public record ContextOptions(
        int contextLength, int batchSize, int microBatchSize, int maxSequences, int threads, Pooling pooling) {

    /// How the states of a text's tokens become one embedding.
    public enum Pooling {
        /// No embedding: the context generates.
        NONE(Llama.LLAMA_POOLING_TYPE_UNSPECIFIED()),
        /// What the model's file says.
        MODEL(Llama.LLAMA_POOLING_TYPE_UNSPECIFIED()),
        /// The mean of all tokens.
        MEAN(Llama.LLAMA_POOLING_TYPE_MEAN()),
        /// The first token.
        CLS(Llama.LLAMA_POOLING_TYPE_CLS()),
        /// The last token.
        LAST(Llama.LLAMA_POOLING_TYPE_LAST());

        private final int code;

        Pooling(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    public ContextOptions {
        range("contextLength", contextLength, 1, 1 << 22);
        range("batchSize", batchSize, 1, 1 << 20);
        range("microBatchSize", microBatchSize, 1, batchSize);
        range("maxSequences", maxSequences, 1, 256);
        range("threads", threads, 1, 512);
    }

    private static void range(String name, int value, int low, int high) {
        if (value < low || value > high) {
            throw new IllegalArgumentException(name + " " + value + " is not in [" + low + ", " + high + "]");
        }
    }

    /// A context that generates.
    public static ContextOptions generation(int contextLength, int batchSize, int maxSequences, int threads) {
        return new ContextOptions(
                contextLength, batchSize, Math.min(batchSize, 512), maxSequences, threads, Pooling.NONE);
    }

    /// A context that embeds: whole batches are one micro-batch.
    public static ContextOptions embedding(int batchSize, int maxSequences, int threads, Pooling pooling) {
        return new ContextOptions(batchSize, batchSize, batchSize, maxSequences, threads, pooling);
    }
}
