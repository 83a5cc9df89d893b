package umem.bench.peer;

/// A way to find the nearest rows: ours, or a peer's, which [java.util.ServiceLoader] finds in the folder of the peers.
public interface SearchEngine {

    /// How it searches.
    enum Kind {
        /// Scores every row.
        SCAN,
        /// Follows a graph: approximate.
        GRAPH
    }

    /// A short name, the key of its ratio in the results: `lucene-vectorutil`.
    String name();

    /// Its version, and what it computes with where it says so.
    String version();

    /// How it searches.
    Kind kind();

    /// Whether one call may take a batch of several queries.
    boolean batches();

    /// Java heap that an open index takes, in bytes.
    long heapBytes(int rows, int dimension);

    /// Memory outside the Java heap that an open index takes, in bytes.
    default long nativeBytes(int rows, int dimension) {
        return 0;
    }

    /// Makes an index.
    ///
    /// @param rows what is searched; stays as it is until the index is closed
    /// @param queries what is searched for, likewise
    /// @param k rows to find a query
    SearchIndex open(Vectors rows, Vectors queries, int k);
}
