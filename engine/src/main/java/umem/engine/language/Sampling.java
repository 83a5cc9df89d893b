package umem.engine.language;

/// How the next token is chosen.
///
/// @param temperature 0 for greedy decoding, else above 0
/// @param topK keep the k most likely tokens; 0 keeps all
/// @param topP keep the smallest set of tokens whose probability reaches p, in (0, 1]; 1 keeps all
/// @param seed of the random generator; without effect when greedy
/// @param maxTokens the most tokens to generate, at least 1
public record Sampling(double temperature, int topK, double topP, long seed, int maxTokens) {
    public Sampling {
        if (!(temperature >= 0 && temperature <= 100)) {
            throw new IllegalArgumentException("temperature " + temperature + " is not in [0, 100]");
        }
        if (topK < 0) {
            throw new IllegalArgumentException("topK " + topK + " is negative");
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException("topP " + topP + " is not in (0, 1]");
        }
        if (maxTokens < 1) {
            throw new IllegalArgumentException("maxTokens " + maxTokens + " is below 1");
        }
    }

    /// Greedy decoding of at most `maxTokens` tokens.
    public static Sampling greedy(int maxTokens) {
        return new Sampling(0, 0, 1, 0, maxTokens);
    }

    /// Plain sampling from the whole distribution at `temperature`.
    public static Sampling temperature(double temperature, long seed, int maxTokens) {
        return new Sampling(temperature, 0, 1, seed, maxTokens);
    }

    /// Whether the same prompt always gives the same text.
    public boolean isGreedy() {
        return temperature == 0;
    }
}
