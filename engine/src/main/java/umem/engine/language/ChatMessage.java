package umem.engine.language;

/// One turn of a conversation.
///
/// @param role who speaks
/// @param content the text, possibly empty
public record ChatMessage(Role role, String content) {
    /// Who speaks in a turn.
    public enum Role {
        SYSTEM,
        USER,
        ASSISTANT;

        /// The name that chat templates and the OpenAI protocol use: `system`, `user`, `assistant`.
        public String wire() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    public static ChatMessage system(String content) {
        return new ChatMessage(Role.SYSTEM, content);
    }

    public static ChatMessage user(String content) {
        return new ChatMessage(Role.USER, content);
    }

    public static ChatMessage assistant(String content) {
        return new ChatMessage(Role.ASSISTANT, content);
    }
}
