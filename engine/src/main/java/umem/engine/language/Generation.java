package umem.engine.language;

/// What a language model answered.
///
/// @param text the answer, without the end-of-turn token; always well-formed text
/// @param promptTokens tokens of the rendered prompt, as counted by the model
/// @param completionTokens tokens generated, the end-of-turn token not included
/// @param finish why generation ended
public record Generation(String text, int promptTokens, int completionTokens, Finish finish) {
    /// Why generation ended.
    public enum Finish {
        /// The model ended its turn.
        STOP,
        /// The limit of tokens was reached.
        LENGTH
    }
}
