package umem.engine.memory;

import java.util.List;
import java.util.function.Function;

/// The bank `Apply(B, a)`, as long as `B` is what it was.
///
/// @param made the bank's count of changes when the overlay was made
record CandidateBank(MemoryBank bank, long made, Search.Overlay overlay) implements Memories {
    @Override
    public List<RetrievedMemory> retrieve(float[] query, Retrieval retrieval) {
        return read(search -> search.retrieve(query, retrieval));
    }

    @Override
    public int size() {
        return read(Search::size);
    }

    @Override
    public List<MemoryEntry> entries() {
        return read(Search::entries);
    }

    private <T> T read(Function<Search, T> read) {
        return bank.reading(made, overlay, read);
    }
}
