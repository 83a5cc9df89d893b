package umem.engine.reward;

/// Executor calls of a group, or of many: `needed` by the plain scheme, and what became of them. Always `needed = run +
/// fromCache + unchangedRetrieval + duplicateCandidate + failed`.
///
/// @param needed one a neighbour for the reference, and one for each neighbour of each well-formed candidate
/// @param run really made, retries included in neither
/// @param fromCache known already, or the same prompt as another execution of the group
/// @param unchangedRetrieval not made because a candidate does not change what a neighbour retrieves, references that
///     nothing was to be compared with included
/// @param duplicateCandidate not made because another candidate of the group is the same action
/// @param failed executions that failed for good; their neighbours were dropped
public record CallCount(
        long needed, long run, long fromCache, long unchangedRetrieval, long duplicateCandidate, long failed) {
    /// Nothing counted.
    public static final CallCount NONE = new CallCount(0, 0, 0, 0, 0, 0);

    /// Both together.
    public CallCount plus(CallCount other) {
        return new CallCount(
                needed + other.needed,
                run + other.run,
                fromCache + other.fromCache,
                unchangedRetrieval + other.unchangedRetrieval,
                duplicateCandidate + other.duplicateCandidate,
                failed + other.failed);
    }
}
