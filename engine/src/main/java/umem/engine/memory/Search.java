package umem.engine.memory;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import umem.engine.search.Hit;
import umem.engine.search.SearchKernels;

/// What can be read in a state of a bank, with or without one action overlaid. Used under the bank's lock.
///
/// @param overlay the one entry that is other than in `state`, or null
record Search(KeyIndex index, BankState state, @Nullable Overlay overlay) {
    /// Best score first, then the order in which entries were added; as the index ranks them.
    private static final Comparator<Hit> RANKING =
            (a, b) -> a.score() == b.score() ? Long.compare(a.id(), b.id()) : Float.compare(b.score(), a.score());

    /// One entry added or replaced.
    ///
    /// @param position of the replaced entry; the number of entries for an added one
    /// @param vector of its key
    record Overlay(int position, MemoryEntry entry, float[] vector) {}

    /// See [Memories#retrieve].
    List<RetrievedMemory> retrieve(float[] query, Retrieval retrieval) {
        if (retrieval.topK() == 0) {
            return List.of();
        }
        // A cosine may be rounded to a little less than -1.
        float minScore = retrieval.minScore() <= -1 ? Float.NEGATIVE_INFINITY : retrieval.minScore();
        String excluded = retrieval.excludedTaskId();
        IntPredicate allowed = position ->
                excluded == null || !entry(position).provenance().taskId().equals(excluded);
        List<Hit> hits;
        if (overlay == null) {
            hits = index.search(query, retrieval.topK(), minScore, allowed);
        } else {
            int changed = overlay.position();
            hits = new ArrayList<>(index.search(
                    query, retrieval.topK(), minScore, position -> position != changed && allowed.test(position)));
            Hit candidate = new Hit(changed, SearchKernels.dot(query, overlay.vector()));
            if (candidate.score() >= minScore && allowed.test(changed)) {
                hits.add(candidate);
                hits.sort(RANKING);
            }
        }
        return hits.stream()
                .limit(retrieval.topK())
                .map(hit -> new RetrievedMemory(entry(Math.toIntExact(hit.id())), Math.clamp(hit.score(), -1f, 1f)))
                .toList();
    }

    int size() {
        return overlay == null ? state.size() : Math.max(state.size(), overlay.position() + 1);
    }

    List<MemoryEntry> entries() {
        List<MemoryEntry> entries = new ArrayList<>(size());
        for (int position = 0; position < size(); position++) {
            entries.add(entry(position));
        }
        return List.copyOf(entries);
    }

    private MemoryEntry entry(int position) {
        if (overlay == null || overlay.position() != position) {
            return state.get(position);
        }
        // Retrievals may have been counted since the overlay was made.
        return position == state.size()
                ? overlay.entry()
                : overlay.entry().withUsageCount(state.get(position).usageCount());
    }
}
