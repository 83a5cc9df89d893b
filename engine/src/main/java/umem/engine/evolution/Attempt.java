package umem.engine.evolution;

import org.jspecify.annotations.Nullable;
import umem.engine.executor.Trajectory;

/// How the executor did on a task, as it is recorded.
///
/// @param answer the answer found in the output, or null where there is none to be found
/// @param correct whether it matches the ground truth
/// @param output the executor's full output
/// @param promptTokens tokens of the prompt
/// @param completionTokens tokens of the output
/// @param cached whether the execution was known already, so that no call was made
public record Attempt(
        @Nullable String answer,
        boolean correct,
        String output,
        int promptTokens,
        int completionTokens,
        boolean cached) {
    static Attempt of(Trajectory trajectory) {
        return new Attempt(
                trajectory.answer(),
                trajectory.correct(),
                trajectory.output(),
                trajectory.promptTokens(),
                trajectory.completionTokens(),
                trajectory.cached());
    }
}
