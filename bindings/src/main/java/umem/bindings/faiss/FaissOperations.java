package umem.bindings.faiss;

/// What an index can do besides search, save and load; no kind of index can do all. What is false is refused with a
/// [umem.bindings.NativeException].
///
/// @param add add rows under ids of the caller
/// @param remove remove rows
/// @param range find all rows within a limit
/// @param reconstruct give a row back by its id: exactly, or nearly where rows are compressed
/// @param contains tell whether it has an id. Where false, an id that is taken is not refused, and searches find both
///     rows
public record FaissOperations(boolean add, boolean remove, boolean range, boolean reconstruct, boolean contains) {

    /// From the bits of `umem_faiss_operation`.
    static FaissOperations of(int bits) {
        return new FaissOperations(
                (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0);
    }
}
