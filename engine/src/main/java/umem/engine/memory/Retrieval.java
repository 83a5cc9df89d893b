package umem.engine.memory;

import org.jspecify.annotations.Nullable;

/// Which entries to retrieve.
///
/// @param topK at most this many, at least 0 (paper: 3)
/// @param minScore only entries with at least this cosine; -1 or less means no threshold (the paper has none)
/// @param excludedTaskId entries whose current version was made from this very task are left out (leave-one-out), or
///     null
public record Retrieval(int topK, float minScore, @Nullable String excludedTaskId) {
    public Retrieval {
        if (topK < 0) {
            throw new IllegalArgumentException("topK " + topK + " is negative");
        }
        if (Float.isNaN(minScore)) {
            throw new IllegalArgumentException("minScore is not a number");
        }
    }

    /// The paper's retrieval: the `topK` nearest, no threshold, nothing left out.
    public static Retrieval nearest(int topK) {
        return new Retrieval(topK, -1, null);
    }

    /// The same, leaving out what was made from a task.
    public Retrieval excluding(@Nullable String taskId) {
        return new Retrieval(topK, minScore, taskId);
    }
}
