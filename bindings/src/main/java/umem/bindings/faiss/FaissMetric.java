package umem.bindings.faiss;

/// What an index ranks rows by.
public enum FaissMetric {
    /// Inner product, highest first.
    INNER_PRODUCT,
    /// Squared Euclidean distance, lowest first.
    L2;

    /// The number of `umem_faiss_metric`.
    int code() {
        return ordinal();
    }
}
