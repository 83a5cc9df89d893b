package umem.engine.memory;

import java.time.Instant;

/// Where a version of an entry comes from.
///
/// @param taskId the task whose trajectory it was learnt from; empty for imported entries
/// @param trajectorySha256 of that trajectory, hexadecimal; empty for imported entries
/// @param executor fingerprint of the executor that solved the task
/// @param optimizer fingerprint of the Mem-Optimizer that wrote it
/// @param step of the stream or of training, from 0; -1 for imported entries
/// @param createdAt when it was committed
public record Provenance(
        String taskId, String trajectorySha256, String executor, String optimizer, long step, Instant createdAt) {
    /// The provenance of an entry that came from a file.
    public static Provenance imported(Instant at) {
        return new Provenance("", "", "", "", -1, at);
    }
}
