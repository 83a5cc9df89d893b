package umem.engine.memory;

import java.util.List;

/// An entry `(k, v)` of the memory bank, in one version.
///
/// @param id stable for the life of the entry
/// @param version 1 when added, one more with each update
/// @param key the query text that the lesson came from; what is embedded and searched
/// @param values the lessons, at least one
/// @param usageCount how often it was retrieved
/// @param reward of the action that made this version, 0 where none was computed
/// @param provenance where this version comes from
public record MemoryEntry(
        String id,
        int version,
        String key,
        List<String> values,
        long usageCount,
        double reward,
        Provenance provenance) {
    public MemoryEntry {
        values = List.copyOf(values);
    }
}
