package umem.engine.language;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// One conversation to be continued by the assistant.
///
/// @param messages the turns so far, at least one, the last one not the assistant's
/// @param sampling how tokens are chosen
/// @param grammar GBNF grammar with the rule `root` that the output must follow, or null
public record GenerationRequest(
        List<ChatMessage> messages,
        Sampling sampling,
        @Nullable String grammar) {
    public GenerationRequest {
        messages = List.copyOf(messages);
        if (messages.isEmpty()) {
            throw new IllegalArgumentException("no messages");
        }
        if (messages.getLast().role() == ChatMessage.Role.ASSISTANT) {
            throw new IllegalArgumentException("the last message is the assistant's own");
        }
    }

    public GenerationRequest(List<ChatMessage> messages, Sampling sampling) {
        this(messages, sampling, null);
    }
}
