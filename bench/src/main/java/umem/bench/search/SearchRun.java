package umem.bench.search;

import java.util.function.Consumer;
import umem.bench.measure.Rounds;
import umem.bench.peer.Vectors;

/// What all cases of a run share.
///
/// @param rows what is searched
/// @param queries what is searched for, at least [#QUERIES]
/// @param answers the right answers to the first of the queries
/// @param k rows to find a query
/// @param threads searches at the same time, each on a thread of its own
/// @param rounds times contenders
/// @param report hears what the user has to know, a line at a time: who does not take part and why, whose answers are
///     wrong
record SearchRun(
        Vectors rows,
        Vectors queries,
        ExactAnswers answers,
        int k,
        int threads,
        Rounds rounds,
        Consumer<String> report) {
    /// Twice the largest batch, so that a case does not ask the same again and again.
    static final int QUERIES = 1024;
}
