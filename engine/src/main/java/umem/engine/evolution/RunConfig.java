package umem.engine.evolution;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import umem.engine.task.Task;

/// What a run is made of: `config.json` of its folder. A run can only be continued with the same.
///
/// @param started when the run began, ISO 8601
/// @param source where the tasks came from, in words
/// @param tasks how many there are
/// @param tasksSha256 identifies them, see [#sha256(List)]
/// @param executor name of the executor's model
/// @param executorFingerprint identifies executor, prompts and limits
/// @param optimizer name of the Mem-Optimizer's model
/// @param optimizerFingerprint identifies Mem-Optimizer, prompts and limits
/// @param selection how an action is chosen; null in runs of versions that knew greedy only
/// @param encoder name of the encoder
/// @param encoderFingerprint identifies the encoder
/// @param options the protocol
/// @param bank the bank's folder
/// @param bankStart number of the bank's last event before the first step
public record RunConfig(
        String started,
        String source,
        int tasks,
        String tasksSha256,
        String executor,
        String executorFingerprint,
        String optimizer,
        String optimizerFingerprint,
        @Nullable String selection,
        String encoder,
        String encoderFingerprint,
        StreamOptions options,
        String bank,
        long bankStart) {

    /// Identifies tasks by all that decides how they are solved and scored.
    ///
    /// @return SHA-256 in hexadecimal
    public static String sha256(List<Task> tasks) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Task task : tasks) {
                List<String> parts =
                        new ArrayList<>(List.of(task.id(), task.kind().name(), task.question()));
                parts.addAll(task.choices());
                parts.add(task.context() == null ? "" : task.context());
                parts.addAll(task.answers());
                if (task.feedback() != null) {
                    parts.add(task.feedback().accepted());
                    parts.add(task.feedback().rejected());
                }
                for (String part : parts) {
                    byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
                    digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
                    digest.update(bytes);
                }
                digest.update((byte) '\n');
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// What differs from another configuration so that its run cannot be continued; empty if it can.
    List<String> differences(RunConfig other) {
        Map<String, Object> mine = essentials();
        Map<String, Object> theirs = other.essentials();
        return mine.keySet().stream()
                .filter(name -> !Objects.equals(mine.get(name), theirs.get(name)))
                .toList();
    }

    private Map<String, Object> essentials() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("tasks", tasksSha256);
        values.put("executor", executorFingerprint);
        values.put("Mem-Optimizer", optimizerFingerprint);
        values.put("selection", selection == null ? "greedy" : selection);
        values.put("encoder", encoderFingerprint);
        values.put("bank", bank);
        values.put("epochs", options.epochs());
        values.put("seed", options.seed());
        values.put("order", options.shuffle());
        values.put("top-k", options.topK());
        values.put("minimum score", options.minScore());
        values.put("leave-one-out", options.leaveOneOut());
        return values;
    }
}
