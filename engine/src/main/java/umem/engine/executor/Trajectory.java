package umem.engine.executor;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import umem.engine.memory.RetrievedMemory;
import umem.engine.task.Task;

/// A trajectory `tau_q`: what the executor did with a task, and how it ended.
///
/// @param task the task
/// @param memories what was retrieved for it and shown, best first
/// @param output the executor's full output
/// @param answer the answer found in the output, or null where there is none to be found
/// @param correct whether it matches the ground truth; a missing answer does not
/// @param reply what the environment said to the answer, or null
/// @param promptTokens tokens of the prompt
/// @param completionTokens tokens of the output: the length of the trajectory in equation (3)
/// @param cached whether the execution came out of the cache
public record Trajectory(
        Task task,
        List<RetrievedMemory> memories,
        String output,
        @Nullable String answer,
        boolean correct,
        @Nullable String reply,
        int promptTokens,
        int completionTokens,
        boolean cached) {
    public Trajectory {
        memories = List.copyOf(memories);
    }

    /// Identifies what happened: task, memories shown, output and outcome.
    ///
    /// @return SHA-256 in hexadecimal
    public String sha256() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            update(digest, task.id());
            update(digest, task.question());
            update(digest, Integer.toString(memories.size()));
            for (RetrievedMemory memory : memories) {
                update(digest, memory.entry().id());
                update(digest, Integer.toString(memory.entry().version()));
            }
            update(digest, output);
            update(digest, Boolean.toString(correct));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Length before content: no two lists of texts give the same bytes.
    private static void update(MessageDigest digest, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
        digest.update(bytes);
    }
}
