package umem.engine.evolution;

import umem.engine.memory.Retrieval;

/// The protocol of a stream (spec, section 8).
///
/// @param topK memories shown to the executor at most, at least 0 (paper: 3)
/// @param minScore memories need at least this cosine; -1 for no threshold (the paper has none)
/// @param leaveOneOut whether a memory made from a task is withheld from that very task in later epochs
/// @param epochs passes over the tasks, at least 1; the bank is never reset between them
/// @param shuffle whether every epoch has an order of its own, drawn from the seed; else the order of the file
/// @param seed of that order
public record StreamOptions(int topK, float minScore, boolean leaveOneOut, int epochs, boolean shuffle, long seed) {
    public StreamOptions {
        if (topK < 0) {
            throw new IllegalArgumentException("topK " + topK + " is negative");
        }
        if (Float.isNaN(minScore)) {
            throw new IllegalArgumentException("minScore is not a number");
        }
        if (epochs < 1) {
            throw new IllegalArgumentException("epochs " + epochs + " is below 1");
        }
    }

    /// The paper's protocol, one epoch in the order of the file.
    public static StreamOptions paper() {
        return new StreamOptions(3, -1, true, 1, false, 0);
    }

    Retrieval retrieval(String taskId) {
        return new Retrieval(topK, minScore, leaveOneOut ? taskId : null);
    }
}
