package umem.bindings.llama;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import umem.bindings.NativeException;
import umem.bindings.internal.generated.Llama;
import umem.bindings.internal.generated.llama_token_data;
import umem.bindings.internal.generated.llama_token_data_array;
import umem.error.ErrorKind;

/// Draws the next token of one generation.
///
/// Always ends in a selector (greedy or seeded), and a grammar is never part of the chain: both would abort the
/// process. Owns one native chain and, once a grammar has refused a token, a confined arena with an array of all
/// candidates; used by the owner thread of the context.
public final class Sampler implements AutoCloseable {
    private final Vocabulary vocabulary;
    private final MemorySegment chain;
    private final Arena arena = Arena.ofConfined();
    private @Nullable MemorySegment candidates;
    private boolean closed;

    private Sampler(Vocabulary vocabulary, MemorySegment... stages) {
        this.vocabulary = vocabulary;
        chain = Llama.llama_sampler_chain_init(Llama.llama_sampler_chain_default_params(arena));
        for (MemorySegment stage : stages) {
            Llama.llama_sampler_chain_add(chain, stage);
        }
    }

    /// Always the most likely token.
    public static Sampler greedy(Vocabulary vocabulary) {
        return new Sampler(vocabulary, Llama.llama_sampler_init_greedy());
    }

    /// Draws from the distribution.
    ///
    /// @param temperature above 0
    /// @param topK keep the k most likely tokens; 0 keeps all
    /// @param topP keep the smallest set that reaches this probability, in (0, 1]
    /// @param seed the lower 32 bits seed the generator
    public static Sampler random(Vocabulary vocabulary, float temperature, int topK, float topP, long seed) {
        if (!(temperature > 0) || topK < 0 || !(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException(
                    "temperature " + temperature + ", top-k " + topK + " or top-p " + topP + " is out of range");
        }
        // The value -1 would mean a seed of the library's own choice.
        int bits = (int) seed == -1 ? 0 : (int) seed;
        MemorySegment last = Llama.llama_sampler_init_dist(bits);
        MemorySegment heat = Llama.llama_sampler_init_temp(temperature);
        if (topK > 0 && topP < 1) {
            return new Sampler(
                    vocabulary,
                    Llama.llama_sampler_init_top_k(topK),
                    Llama.llama_sampler_init_top_p(topP, 1),
                    heat,
                    last);
        }
        if (topK > 0) {
            return new Sampler(vocabulary, Llama.llama_sampler_init_top_k(topK), heat, last);
        }
        if (topP < 1) {
            return new Sampler(vocabulary, Llama.llama_sampler_init_top_p(topP, 1), heat, last);
        }
        return new Sampler(vocabulary, heat, last);
    }

    /// Draws the token that follows a token of the context's last batch.
    ///
    /// @param context whose owner thread calls
    /// @param index of a token in the last batch that was added with `output`
    /// @param grammar what the generation must follow, or null; moves on by the drawn token
    /// @return a token id
    /// @throws NativeException if the grammar allows no token at all
    public int sample(Context context, int index, @Nullable Grammar grammar) {
        if (closed) {
            throw new IllegalStateException("the sampler is closed");
        }
        MemorySegment handle = context.sampling();
        context.checkOutput(index);
        if (context.model() != vocabulary.model()) {
            throw new IllegalArgumentException("the sampler was made for another model");
        }
        int token = Llama.llama_sampler_sample(chain, handle, index);
        if (grammar == null) {
            return token;
        }
        if (!grammar.accepts(token)) {
            token = sampleMasked(context.logits(index), grammar);
        }
        grammar.accept(token);
        return token;
    }

    private int sampleMasked(MemorySegment logits, Grammar grammar) {
        int size = vocabulary.size();
        MemorySegment all = candidates;
        if (all == null) {
            all = arena.allocate(llama_token_data.layout(), size);
            candidates = all;
        }
        long stride = llama_token_data.sizeof();
        long id = llama_token_data.id$offset();
        long logit = llama_token_data.logit$offset();
        for (int token = 0; token < size; token++) {
            long entry = token * stride;
            all.set(ValueLayout.JAVA_INT, entry + id, token);
            all.set(ValueLayout.JAVA_FLOAT, entry + logit, logits.getAtIndex(ValueLayout.JAVA_FLOAT, token));
        }
        try (Arena call = Arena.ofConfined()) {
            MemorySegment array = call.allocate(llama_token_data_array.layout());
            llama_token_data_array.data(array, all);
            llama_token_data_array.size(array, size);
            llama_token_data_array.selected(array, -1);
            llama_token_data_array.sorted(array, false);
            grammar.mask(array);
            Llama.llama_sampler_apply(chain, array);
            long selected = llama_token_data_array.selected(array);
            long kept = llama_token_data_array.size(array);
            if (selected >= 0 && selected < kept) {
                MemorySegment data = llama_token_data_array.data(array).reinterpret(kept * stride);
                MemorySegment entry = data.asSlice(selected * stride, stride);
                int token = llama_token_data.id(entry);
                if (grammar.accepts(token)) {
                    return token;
                }
            }
        }
        throw new NativeException(
                ErrorKind.NATIVE,
                "the grammar allows no token here",
                "llama_sampler_apply",
                0,
                null,
                vocabulary.model().library().version());
    }

    /// Frees the chain. Idempotent.
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Llama.llama_sampler_free(chain);
            arena.close();
        }
    }
}
