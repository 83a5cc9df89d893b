package umem.bench.peer;

/// A search engine that is not ours. Found by [java.util.ServiceLoader] in the folder of the peers.
public interface SearchPeer {

    /// What a peer does.
    enum Kind {
        /// Scores every row.
        SCAN,
        /// Follows a graph: approximate.
        GRAPH
    }

    /// A short name, the key of its ratio in the results: `lucene-vectorutil`.
    String name();

    /// Its version, and what it runs on where it says so.
    String version();

    /// What it does.
    Kind kind();

    /// Whether one call may take a batch of several queries.
    boolean batches();

    /// Java heap that an open index takes, in bytes.
    long heapBytes(int rows, int dimension);

    /// Makes an index.
    ///
    /// @param rows what is searched; stays as it is until the index is closed
    /// @param queries what is searched for, likewise
    /// @param k rows to find a query
    SearchIndex open(Vectors rows, Vectors queries, int k);
}
