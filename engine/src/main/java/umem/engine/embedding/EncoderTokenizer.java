package umem.engine.embedding;

import java.util.Arrays;
import umem.bindings.llama.Model;
import umem.bindings.llama.Vocabulary;

/// Cuts texts into what an encoder's context takes.
final class EncoderTokenizer {
    /// Of a longer text only this many characters for each token of the context are looked at: words are shorter.
    private static final int CHARACTERS_A_TOKEN = 64;

    private final Vocabulary vocabulary;
    private final int contextLength;
    private final int[] empty;

    EncoderTokenizer(Model model) {
        this.vocabulary = model.vocabulary();
        this.contextLength = model.trainContextLength();
        int[] frame = vocabulary.tokenize("", true, false);
        // Something has to be encoded for a text without tokens, even where the model puts nothing around it.
        this.empty = frame.length > 0 ? frame : new int[] {Math.max(0, vocabulary.endOfSequence())};
    }

    /// The tokens of a text, with those that the model wants around it. A text that is too long loses its end; the
    /// token that closes it (`[SEP]`) stays.
    ///
    /// @return 1 to `contextLength` tokens
    int[] tokens(String text) {
        int[] tokens = vocabulary.tokenize(beginning(text), true, false);
        if (tokens.length == 0) {
            return empty;
        }
        if (tokens.length <= contextLength) {
            return tokens;
        }
        int last = tokens[tokens.length - 1];
        int[] cut = Arrays.copyOf(tokens, contextLength);
        if (last == empty[empty.length - 1]) {
            cut[contextLength - 1] = last;
        }
        return cut;
    }

    private String beginning(String text) {
        int limit = contextLength * CHARACTERS_A_TOKEN;
        if (text.length() <= limit) {
            return text;
        }
        String stripped = text.stripLeading();
        int end = Math.min(limit, stripped.length());
        boolean splitsPair = end < stripped.length() && Character.isLowSurrogate(stripped.charAt(end));
        return stripped.substring(0, splitsPair ? end - 1 : end);
    }
}
