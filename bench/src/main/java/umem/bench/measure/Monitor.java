package umem.bench.measure;

/// Who watches a benchmark.
@FunctionalInterface
public interface Monitor {
    /// A place where the benchmark may end.
    ///
    /// @param stage what comes next, in a few words
    /// @throws umem.error.UmemException of kind INTERRUPTED if the user wants it to
    void check(String stage);
}
