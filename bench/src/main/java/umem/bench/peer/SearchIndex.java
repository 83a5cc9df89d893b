package umem.bench.peer;

/// Rows made ready to be searched by inner product.
public interface SearchIndex extends AutoCloseable {

    /// Makes a search for one thread; several may run at once.
    ///
    /// @param batch queries a call, at least 1
    /// @param effort of an approximate index, at least `k`: how many candidates it looks at (`ef`, the beam's width).
    ///     An exact one ignores it
    Search search(int batch, int effort);

    /// Frees the rows.
    @Override
    void close();
}
