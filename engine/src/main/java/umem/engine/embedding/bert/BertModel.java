package umem.engine.embedding.bert;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import umem.bindings.kernels.Kernels;
import umem.bindings.kernels.Matrix;
import umem.bindings.llama.GgufHeader;
import umem.bindings.llama.GgufTensor;

/// A BERT encoder on a CPU, computed by our own kernels. Owns its weights, its threads and the memory of one batch. For
/// one thread at a time.
///
/// The state of a token depends on its text and the weights alone, bit for bit: not on the texts beside it, the number
/// of threads, or the instruction set.
public final class BertModel implements AutoCloseable {
    private static final Pattern TENSOR =
            Pattern.compile("token_embd\\.weight|position_embd\\.weight|token_types\\.weight"
                    + "|token_embd_norm\\.(weight|bias)"
                    + "|blk\\.\\d+\\.(attn_q|attn_k|attn_v|attn_output|attn_output_norm|ffn_up|ffn_down|layer_output_norm)"
                    + "\\.(weight|bias)");
    private static final int FEWEST_TOKENS = 512;

    private final Arena arena;
    private final BertWeights weights;
    private final Kernels kernels;
    private final WorkTeam team;
    private @Nullable BertPass pass;
    private int longest;

    private BertModel(Arena arena, BertWeights weights, Kernels kernels, int threads) {
        this.arena = arena;
        this.weights = weights;
        this.kernels = kernels;
        this.team = new WorkTeam(threads);
    }

    /// Whether a file holds nothing but what this class computes with: the original BERT, weights of 16 or 32 bits.
    public static boolean isSupported(GgufHeader header) {
        return header.architecture().equals("bert")
                && !Boolean.TRUE.equals(header.metadata().get("bert.attention.causal"))
                && header.tensors().keySet().stream()
                        .allMatch(name -> TENSOR.matcher(name).matches())
                && header.tensors().values().stream()
                        .allMatch(t -> t.type() == GgufTensor.F32 || t.type() == GgufTensor.F16);
    }

    /// Reads the weights.
    ///
    /// @param header of the file, which [#isSupported] approved
    /// @param threads that compute, 1 or more
    /// @throws umem.error.UmemException of kind MODEL if a size or a tensor is missing or wrong
    public static BertModel open(Path gguf, GgufHeader header, Kernels kernels, int threads) {
        Arena arena = Arena.ofShared();
        try {
            TensorFile file = TensorFile.map(gguf, header, arena);
            BertWeights weights = BertWeights.read(file, BertShape.of(gguf, header), kernels.library(), arena);
            return new BertModel(arena, weights, kernels, threads);
        } catch (Throwable t) {
            arena.close();
            throw t;
        }
    }

    /// Width of a token's state, `H`.
    public int width() {
        return weights.shape().width();
    }

    /// Number of tokens that have an embedding.
    public int vocabulary() {
        return weights.tokens().rows();
    }

    /// Most tokens of a text.
    public int context() {
        return weights.shape().context();
    }

    /// Computes texts together.
    ///
    /// @param texts the tokens of each, 1 to [#context()] of them, each below [#vocabulary()]
    /// @return the states of the wanted tokens, as wide as the model, text after text: one row a text, or one a token.
    ///     Valid until the next call
    public Matrix states(List<int[]> texts, PooledTokens wanted) {
        int tokens = 0;
        int most = 0;
        for (int[] text : texts) {
            if (text.length < 1 || text.length > context()) {
                throw new IllegalArgumentException("a text of " + text.length + " tokens");
            }
            tokens = Math.addExact(tokens, text.length);
            most = Math.max(most, text.length);
        }
        return prepare(tokens, most).compute(texts, wanted);
    }

    /// The memory of a batch, made anew, larger, where it does not do.
    private BertPass prepare(int tokens, int most) {
        BertPass ready = pass;
        if (ready != null && ready.capacity() >= tokens && longest >= most) {
            return ready;
        }
        int capacity = Math.max(tokens, ready == null ? FEWEST_TOKENS : ready.capacity());
        longest = Math.max(Math.max(most, longest), Math.min(FEWEST_TOKENS, context()));
        if (ready != null) {
            pass = null;
            ready.close();
        }
        ready = new BertPass(weights, kernels, team, capacity, longest);
        pass = ready;
        return ready;
    }

    @Override
    public void close() {
        team.close();
        if (pass != null) {
            pass.close();
        }
        arena.close();
    }
}
