package umem.engine.search;

/// Keeps what is derived from the rows of a [RowStore], such as their codes of 8 or 16 bits, in step with them.
///
/// Called within the change, under the store's write lock: it must not call the store. Only [#reserve] may throw.
/// Positions at or beyond the store's size after a change hold nothing; no call says that they went.
interface RowListener {
    /// Makes room for positions below `rows`, before anything changes. If it throws, nothing changes.
    ///
    /// @param rows at least 0; never fewer than there are
    void reserve(int rows);

    /// A row was written, for the first time or again.
    ///
    /// @param position 0 to the reserved rows
    /// @param values the row, all finite, padded with zeros to [RowStore#stride()]; valid during the call only, not to
    ///     be changed
    void written(int position, float[] values);

    /// The row at `from`, the last one, now lies at `to`, where a row was removed.
    void moved(int from, int to);
}
