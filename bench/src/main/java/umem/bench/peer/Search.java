package umem.bench.peer;

/// Searches for one thread, with buffers of its own.
@FunctionalInterface
public interface Search {

    /// Finds the nearest rows of a batch of consecutive queries.
    ///
    /// @param first the first query of the batch
    /// @param ids receives `batch * k` row numbers, query by query, best first
    void run(int first, long[] ids);
}
