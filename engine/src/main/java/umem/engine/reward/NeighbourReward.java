package umem.engine.reward;

import org.jspecify.annotations.Nullable;

/// A candidate's utility on one neighbour, and what it was computed from.
///
/// @param task id of the neighbour
/// @param utility equations (2) to (4)
/// @param reference the execution on `B`, or null where none was needed
/// @param augmented the execution on `Apply(B, a)`, or null where none was needed because the same
///     memories are retrieved as from `B`
public record NeighbourReward(
        String task,
        Utility utility,
        @Nullable Outcome reference,
        @Nullable Outcome augmented) {}
