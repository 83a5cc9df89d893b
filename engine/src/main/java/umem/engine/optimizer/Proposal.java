package umem.engine.optimizer;

import org.jspecify.annotations.Nullable;
import umem.engine.memory.MemoryAction;

/// What the Mem-Optimizer wrote about a trajectory: an action, or the reason why it is none.
///
/// @param output its full output
/// @param action the action, or null if the output is malformed
/// @param malformed what is wrong with the output, or null if it is well-formed
/// @param promptTokens tokens of its prompt
/// @param completionTokens tokens of its output
public record Proposal(
        String output,
        @Nullable MemoryAction action,
        @Nullable String malformed,
        int promptTokens,
        int completionTokens) {
    /// The format reward `r_fmt`: 1 if the output is well-formed, else 0 (spec, section 3).
    public int formatReward() {
        return action == null ? 0 : 1;
    }
}
