package umem.engine.neighborhood;

/// What was kept out of neighbourhoods because it is the query again: ordered pairs (query, candidate), each counted
/// once, under the first cause that holds.
///
/// @param sameTask pairs of rows with the same id
/// @param exactText pairs with the same question, choices and context
/// @param normalizedText pairs that are the same once case, spacing and the like are put aside
/// @param nearDuplicate pairs of tasks, repeats put aside, with a cosine above the bound
public record Exclusions(long sameTask, long exactText, long normalizedText, long nearDuplicate) {

    /// All pairs.
    public long total() {
        return sameTask + exactText + normalizedText + nearDuplicate;
    }
}
