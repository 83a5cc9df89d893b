package umem.engine.reward;

import umem.engine.memory.Retrieval;

/// How candidates are judged.
///
/// @param mode what on
/// @param topK memories shown to the executor at most, at least 0 (paper: 3)
/// @param minScore memories need at least this cosine; -1 for no threshold (the paper has none)
/// @param leaveOneOut whether a memory made from a neighbour is withheld from that very neighbour
/// @param retries how often an execution that failed is tried again before its neighbour is dropped, at least 0
public record RewardOptions(RewardMode mode, int topK, float minScore, boolean leaveOneOut, int retries) {
    public RewardOptions {
        if (retries < 0) {
            throw new IllegalArgumentException("retries " + retries + " is negative");
        }
    }

    /// The paper's.
    public static RewardOptions paper() {
        return new RewardOptions(RewardMode.PAPER, 3, -1, true, 1);
    }

    Retrieval retrieval(String taskId) {
        return new Retrieval(topK, minScore, leaveOneOut ? taskId : null);
    }
}
