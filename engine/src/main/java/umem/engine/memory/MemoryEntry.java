package umem.engine.memory;

import java.nio.charset.StandardCharsets;
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

    /// The same version, counted differently.
    MemoryEntry withUsageCount(long count) {
        return new MemoryEntry(id, version, key, values, count, reward, provenance);
    }

    /// The same, under another id.
    MemoryEntry withId(String other) {
        return new MemoryEntry(other, version, key, values, usageCount, reward, provenance);
    }

    /// The same, as it comes back from a file in UTF-8, which cannot hold half of a surrogate pair.
    MemoryEntry wellFormed() {
        return new MemoryEntry(
                wellFormed(id),
                version,
                wellFormed(key),
                values.stream().map(MemoryEntry::wellFormed).toList(),
                usageCount,
                reward,
                new Provenance(
                        wellFormed(provenance.taskId()),
                        wellFormed(provenance.trajectorySha256()),
                        wellFormed(provenance.executor()),
                        wellFormed(provenance.optimizer()),
                        provenance.step(),
                        provenance.createdAt()));
    }

    private static String wellFormed(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    /// Whether this is the same version of the same entry, however often it was retrieved meanwhile. Numbers alone do
    /// not tell: after a rollback they are given again.
    boolean isSameVersionAs(MemoryEntry other) {
        return withUsageCount(other.usageCount).equals(other);
    }
}
