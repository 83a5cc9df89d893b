package umem.engine.memory;

import java.time.Instant;
import java.util.List;

/// Actions and their provenance, for tests.
final class Actions {
    private Actions() {}

    static MemoryAction add(String value) {
        return new MemoryAction.Add(List.of(value));
    }

    static MemoryAction update(int index, String value) {
        return new MemoryAction.Update(index, List.of(value));
    }

    static Provenance from(String task) {
        return new Provenance(task, "ab", "executor", "optimizer", 3, Instant.parse("2026-11-24T10:00:00.123456789Z"));
    }
}
