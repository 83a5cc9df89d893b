package umem.bindings.llama;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import umem.bindings.internal.generated.Llama;
import umem.bindings.internal.generated.llama_token_data;
import umem.bindings.internal.generated.llama_token_data_array;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A GBNF grammar with the state of one generation that follows it.
///
/// Masking all tokens costs milliseconds, checking one costs microseconds. So [Sampler] asks about the token it has
/// drawn, and masks only when that is refused. Owns one native handle and a confined arena with a one-token array; used
/// by the owner thread of the context.
public final class Grammar implements AutoCloseable {
    private final Vocabulary vocabulary;
    private final MemorySegment handle;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment one;
    private final MemorySegment oneArray;
    private boolean closed;

    private Grammar(Vocabulary vocabulary, MemorySegment handle) {
        this.vocabulary = vocabulary;
        this.handle = handle;
        one = arena.allocate(llama_token_data.layout());
        oneArray = arena.allocate(llama_token_data_array.layout());
    }

    /// Reads a grammar.
    ///
    /// @param gbnf rules, with `root` among them
    /// @throws UmemException of kind INPUT if the text is no grammar, has no root, is left-recursive or beyond all
    ///     measure
    public static Grammar parse(Vocabulary vocabulary, String gbnf) {
        GrammarText.check(gbnf);
        MemorySegment handle;
        String error;
        try (Arena call = Arena.ofConfined()) {
            synchronized (Model.class) {
                NativeLog.clear();
                handle = Llama.llama_sampler_init_grammar(
                        vocabulary.handle(), call.allocateFrom(gbnf), call.allocateFrom("root"));
                error = NativeLog.firstError();
            }
        }
        if (handle.address() == 0) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    "the grammar is refused: " + (error == null ? "it has no usable rule root" : error.strip()));
        }
        return new Grammar(vocabulary, handle);
    }

    private MemorySegment handle() {
        if (closed) {
            throw new IllegalStateException("the grammar is closed");
        }
        return handle;
    }

    /// Whether a token may come next.
    ///
    /// @param token in `[0, size())` of the vocabulary
    public boolean accepts(int token) {
        vocabulary.check(token);
        llama_token_data.id(one, token);
        llama_token_data.logit(one, 1);
        llama_token_data.p(one, 0);
        llama_token_data_array.data(oneArray, one);
        llama_token_data_array.size(oneArray, 1);
        llama_token_data_array.selected(oneArray, -1);
        llama_token_data_array.sorted(oneArray, false);
        Llama.llama_sampler_apply(handle(), oneArray);
        return llama_token_data.logit(one) != Float.NEGATIVE_INFINITY;
    }

    /// Sets the logits of all tokens that may not come next to negative infinity.
    void mask(MemorySegment candidates) {
        Llama.llama_sampler_apply(handle(), candidates);
    }

    /// Moves on by a token.
    ///
    /// @throws IllegalArgumentException if the grammar forbids it; the library would abort the process
    public void accept(int token) {
        if (!accepts(token)) {
            throw new IllegalArgumentException("the grammar does not allow token " + token + " here");
        }
        Llama.llama_sampler_accept(handle(), token);
    }

    /// Frees the grammar. Idempotent.
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Llama.llama_sampler_free(handle);
            arena.close();
        }
    }
}
