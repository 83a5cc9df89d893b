package umem.engine.memory;

/// An entry that was found for a query.
///
/// @param entry as it was when it was found
/// @param score cosine between query and key, in [-1, 1]
public record RetrievedMemory(MemoryEntry entry, float score) {}
