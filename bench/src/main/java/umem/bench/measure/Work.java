package umem.bench.measure;

/// What is timed, by one thread.
@FunctionalInterface
public interface Work {

    /// Does it once.
    ///
    /// @param call counts up; the same numbers for all contenders of a round, so that they get the same work
    void run(int call);

    /// Undoes it where it has to be undone before the next call. Not timed.
    default void undo(int call) {}
}
