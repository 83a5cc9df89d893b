package umem.bindings.llama;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import umem.bindings.NativeException;
import umem.bindings.internal.generated.Llama;
import umem.error.ErrorKind;

/// The tokens of a model. Part of its [Model], freed with it. Immutable; safe for all threads.
public final class Vocabulary {
    private final Model model;
    private final MemorySegment handle;
    private final int size;

    Vocabulary(Model model, MemorySegment handle) {
        this.model = model;
        this.handle = handle;
        this.size = Llama.llama_vocab_n_tokens(handle);
    }

    MemorySegment handle() {
        model.handle();
        return handle;
    }

    Model model() {
        return model;
    }

    /// Number of tokens.
    public int size() {
        return size;
    }

    /// Cuts text into tokens.
    ///
    /// @param text any text; invalid surrogates become the replacement character
    /// @param addSpecial add the tokens that the model wants around a text (beginning of sequence, CLS and SEP)
    /// @param parseSpecial read control tokens such as `<|im_start|>` in the text as such, not as characters
    /// @return token ids, possibly empty
    public int[] tokenize(String text, boolean addSpecial, boolean parseSpecial) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment input = arena.allocate(Math.max(1, bytes.length));
            MemorySegment.copy(bytes, 0, input, ValueLayout.JAVA_BYTE, 0, bytes.length);
            int capacity = bytes.length + 8;
            MemorySegment tokens = arena.allocate(ValueLayout.JAVA_INT, capacity);
            int count = Llama.llama_tokenize(handle(), input, bytes.length, tokens, capacity, addSpecial, parseSpecial);
            if (count < 0 && count != Integer.MIN_VALUE) {
                capacity = -count;
                tokens = arena.allocate(ValueLayout.JAVA_INT, capacity);
                count = Llama.llama_tokenize(handle(), input, bytes.length, tokens, capacity, addSpecial, parseSpecial);
            }
            if (count < 0) {
                throw new NativeException(
                        ErrorKind.NATIVE,
                        "a text of " + bytes.length + " bytes cannot be tokenized",
                        "llama_tokenize",
                        count,
                        null,
                        model.library().version());
            }
            return tokens.asSlice(0, 4L * count).toArray(ValueLayout.JAVA_INT);
        }
    }

    /// The bytes of a token as they appear in generated text; not necessarily whole characters. Control tokens have
    /// none.
    ///
    /// @param token in `[0, size())`
    public byte[] piece(int token) {
        return piece(token, false);
    }

    /// The bytes of a token.
    ///
    /// @param token in `[0, size())`
    /// @param special whether control tokens are rendered as well
    public byte[] piece(int token, boolean special) {
        check(token);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(64);
            int length = Llama.llama_token_to_piece(handle(), token, buffer, 64, 0, special);
            if (length < 0) {
                buffer = arena.allocate(-length);
                length = Llama.llama_token_to_piece(handle(), token, buffer, -length, 0, special);
            }
            return buffer.asSlice(0, Math.max(0, length)).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /// The texts of the tokens that steer the model rather than stand for text, such as `<|im_end|>`; none is empty.
    public List<String> controlTexts() {
        List<String> texts = new ArrayList<>();
        for (int token = 0; token < size(); token++) {
            // Only a control token is invisible in ordinary text.
            if (piece(token, false).length == 0) {
                String text = new String(piece(token, true), StandardCharsets.UTF_8);
                if (!text.isEmpty()) {
                    texts.add(text);
                }
            }
        }
        return texts;
    }

    /// Whether a token ends a turn or a text.
    ///
    /// @param token in `[0, size())`
    public boolean isEndOfGeneration(int token) {
        check(token);
        return Llama.llama_vocab_is_eog(handle(), token);
    }

    /// The token that begins a text, or -1.
    public int beginOfSequence() {
        return Llama.llama_vocab_bos(handle());
    }

    /// The token that ends a text, or -1.
    public int endOfSequence() {
        return Llama.llama_vocab_eos(handle());
    }

    /// The token that ends a turn, or -1.
    public int endOfTurn() {
        return Llama.llama_vocab_eot(handle());
    }

    /// @throws IndexOutOfBoundsException if `token` is none; the library would abort the process
    void check(int token) {
        if (token < 0 || token >= size) {
            throw new IndexOutOfBoundsException("token " + token + " is not in [0, " + size + ")");
        }
    }
}
