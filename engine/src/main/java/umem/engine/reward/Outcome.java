package umem.engine.reward;

import umem.engine.executor.Trajectory;

/// How an execution ended, as far as the reward looks at it.
///
/// @param correct `c`: whether the task was solved
/// @param length tokens generated, or steps of an interactive task; at least 0
public record Outcome(boolean correct, int length) {
    public Outcome {
        if (length < 0) {
            throw new IllegalArgumentException("length " + length + " is negative");
        }
    }

    /// The outcome of a single-turn execution.
    public static Outcome of(Trajectory trajectory) {
        return new Outcome(trajectory.correct(), trajectory.completionTokens());
    }
}
