package umem.engine.memory;

import java.util.List;

/// Entries that can be retrieved: a bank, or a candidate bank `Apply(B, a)`.
public interface Memories {
    /// The entries nearest to a query, best first; equal scores in the order in which the entries were added.
    ///
    /// @param query a unit vector of the encoder's dimension
    List<RetrievedMemory> retrieve(float[] query, Retrieval retrieval);

    /// Number of entries.
    int size();

    /// All entries in the order in which they were added.
    List<MemoryEntry> entries();
}
