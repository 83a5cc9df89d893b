package umem.bench.measure;

import java.util.List;

/// One of those that are timed side by side.
///
/// @param name the key of its ratio in the results
/// @param operations how many operations, such as queries, a call holds
/// @param works one for each thread that works at the same time
public record Contender(String name, int operations, List<Work> works) {

    /// One thread.
    public Contender(String name, int operations, Work work) {
        this(name, operations, List.of(work));
    }
}
