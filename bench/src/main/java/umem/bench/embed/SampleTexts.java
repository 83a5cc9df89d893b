package umem.bench.embed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import umem.bindings.llama.Vocabulary;

/// Texts that are cut into exactly so many tokens, and the tokens.
///
/// @param texts all different
/// @param tokens a row for each text, the tokens around it included
record SampleTexts(List<String> texts, long[][] tokens) {
    private static final long SEED = 11;
    private static final List<String> WORDS = Arrays.asList(
            ("the river runs past an old mill where people once made flour and paper for the town each spring water"
                            + " rises over its banks then fields turn green again while birds return from the south"
                            + " children walk to school along a narrow road with trees on both sides in winter snow"
                            + " covers everything so that only tall stones show where paths begin or end my friend"
                            + " wrote this letter about music history science law food health money travel work home")
                    .split(" "));

    /// Draws texts.
    ///
    /// @param length tokens a text, those around it included, at least 3
    static SampleTexts draw(Vocabulary vocabulary, int count, int length) {
        int around = vocabulary.tokenize("", true, false).length;
        // Words of one token, so that as many words as wanted make as many tokens.
        List<String> words = WORDS.stream()
                .filter(word -> vocabulary.tokenize(word, true, false).length == around + 1)
                .toList();
        RandomGenerator random = new SplittableRandom(SEED + length);
        List<String> texts = new ArrayList<>();
        long[][] tokens = new long[count][];
        for (int i = 0; i < count; i++) {
            List<String> text = new ArrayList<>();
            for (int j = around; j < length; j++) {
                text.add(words.get(random.nextInt(words.size())));
            }
            texts.add(String.join(" ", text));
            tokens[i] = Arrays.stream(vocabulary.tokenize(texts.getLast(), true, false))
                    .asLongStream()
                    .toArray();
            if (tokens[i].length != length) {
                throw new IllegalStateException("a text of " + tokens[i].length + " tokens, not " + length);
            }
        }
        return new SampleTexts(List.copyOf(texts), tokens);
    }

    /// The texts from `first` on.
    List<String> texts(int first, int count) {
        return texts.subList(first, first + count);
    }

    /// Their tokens.
    long[][] tokens(int first, int count) {
        return Arrays.copyOfRange(tokens, first, first + count);
    }
}
