package umem.engine.evolution;

import java.util.List;
import org.jspecify.annotations.Nullable;
import umem.engine.guard.GuardReport;
import umem.engine.memory.MemoryEntry;
import umem.engine.memory.RetrievedMemory;
import umem.engine.optimizer.Proposal;

/// One step of the stream, complete: the task was solved and scored, then the bank was edited. A line of
/// `events.jsonl`.
///
/// @param step from 0, over all epochs
/// @param epoch from 0
/// @param task id of the task
/// @param attempt how the executor did, with the memories it was shown
/// @param reply what the environment said to the answer, or null
/// @param retrieved the memories shown, best first
/// @param edit what the Mem-Optimizer made of it
/// @param guard what was found in the lessons of the edit, or null where its output is malformed
/// @param group the outputs that the edit was chosen from, or null where there was one only
/// @param bankSequence number of the bank's last event after this step
/// @param bankSize entries in the bank after this step
/// @param seconds that the step took
public record Step(
        long step,
        int epoch,
        String task,
        Attempt attempt,
        @Nullable String reply,
        List<Shown> retrieved,
        Edit edit,
        @Nullable GuardReport guard,
        @Nullable GroupRecord group,
        long bankSequence,
        int bankSize,
        double seconds) {
    public Step {
        retrieved = List.copyOf(retrieved);
    }

    /// A memory as it was shown.
    ///
    /// @param id of the entry
    /// @param version of the entry at that time
    /// @param score cosine between query and key
    /// @param values the lessons
    public record Shown(String id, int version, float score, List<String> values) {
        public Shown {
            values = List.copyOf(values);
        }

        static Shown of(RetrievedMemory memory) {
            MemoryEntry entry = memory.entry();
            return new Shown(entry.id(), entry.version(), memory.score(), entry.values());
        }
    }

    /// What the Mem-Optimizer did to the bank.
    ///
    /// @param operation `ADD`, `UPDATE i`, or `NONE` where nothing was committed
    /// @param entry id of the entry that was added or updated, or null
    /// @param values its new lessons; empty where nothing was committed
    /// @param malformed why the output is no action, or null
    /// @param output the Mem-Optimizer's full output
    /// @param promptTokens tokens of its prompt
    /// @param completionTokens tokens of its output
    public record Edit(
            String operation,
            @Nullable String entry,
            List<String> values,
            @Nullable String malformed,
            String output,
            int promptTokens,
            int completionTokens) {
        public Edit {
            values = List.copyOf(values);
        }

        static Edit of(Proposal proposal, @Nullable MemoryEntry committed) {
            return new Edit(
                    proposal.action() == null || committed == null
                            ? "NONE"
                            : proposal.action().operation(),
                    committed == null ? null : committed.id(),
                    committed == null ? List.of() : committed.values(),
                    proposal.malformed(),
                    proposal.output(),
                    proposal.promptTokens(),
                    proposal.completionTokens());
        }

        /// What became of the bank, such as `ADD m3`, `UPDATE m1` or `no action`.
        public String label() {
            return entry == null ? "no action" : (added() ? "ADD " : "UPDATE ") + entry;
        }

        /// Whether an entry was added.
        public boolean added() {
            return operation.equals("ADD");
        }

        /// Whether an entry was replaced.
        public boolean updated() {
            return operation.startsWith("UPDATE");
        }
    }
}
