package umem.engine.language;

import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import umem.bindings.llama.ChatTemplate;
import umem.bindings.llama.Model;
import umem.bindings.llama.Vocabulary;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Turns a conversation into the tokens that a model was trained to continue: its own chat template, then its own
/// vocabulary, with the token that begins a text exactly once where the vocabulary wants one.
///
/// What is said in a conversation cannot steer the model: where a message holds the text of a control token, such as
/// `<|im_end|>`, a space breaks it up, so that no memory, task or output can end its turn or begin another.
///
/// llama.cpp knows templates by their markers and does not run Jinja: a default system message that a template would
/// add by itself is not added. Immutable; safe for all threads while the model is open.
final class ChatTokenizer {
    private final Vocabulary vocabulary;
    private final String template;
    private final boolean wantsBeginning;
    private final @Nullable Pattern control;

    /// @throws UmemException of kind MODEL if the model has no chat template, or none that llama.cpp knows
    ChatTokenizer(Model model) {
        String found = model.chatTemplate();
        if (found == null || found.isBlank()) {
            throw new UmemException(
                    ErrorKind.MODEL,
                    "model " + model.path() + " has no chat template, so it cannot follow a conversation; choose an"
                            + " instruct model");
        }
        template = found;
        vocabulary = model.vocabulary();
        int[] frame = vocabulary.tokenize("", true, false);
        wantsBeginning = frame.length > 0 && frame[0] == vocabulary.beginOfSequence();
        List<String> texts = vocabulary.controlTexts();
        // Longest first: of two that begin alike, the alternation takes the first that fits.
        control = texts.isEmpty()
                ? null
                : Pattern.compile(texts.stream()
                        .sorted(Comparator.comparing(String::length).reversed())
                        .map(Pattern::quote)
                        .collect(Collectors.joining("|")));
        ChatTemplate.apply(template, List.of(new ChatTemplate.Turn("user", "a")), true);
    }

    private String harmless(String content) {
        if (control == null) {
            return content;
        }
        return control.matcher(content).replaceAll(found -> {
            String text = found.group();
            int first = text.offsetByCodePoints(0, 1);
            return Matcher.quoteReplacement(text.substring(0, first) + " " + text.substring(first));
        });
    }

    String template() {
        return template;
    }

    /// The tokens of a conversation, up to where the assistant's answer begins; at least one.
    int[] tokens(List<ChatMessage> messages) {
        List<ChatTemplate.Turn> turns = messages.stream()
                .map(message -> new ChatTemplate.Turn(message.role().wire(), harmless(message.content())))
                .toList();
        int[] tokens = vocabulary.tokenize(ChatTemplate.apply(template, turns, true), false, true);
        int beginning = vocabulary.beginOfSequence();
        if (!wantsBeginning || (tokens.length > 0 && tokens[0] == beginning)) {
            return tokens;
        }
        int[] whole = new int[tokens.length + 1];
        whole[0] = beginning;
        System.arraycopy(tokens, 0, whole, 1, tokens.length);
        return whole;
    }
}
