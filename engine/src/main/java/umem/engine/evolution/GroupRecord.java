package umem.engine.evolution;

import java.util.List;
import org.jspecify.annotations.Nullable;
import umem.engine.memory.MemoryAction;
import umem.engine.reward.CallCount;
import umem.engine.reward.CandidateReward;
import umem.engine.reward.GroupReward;
import umem.engine.reward.NeighbourReward;

/// A group of outputs and their rewards, as a step records them.
///
/// @param candidates one for each output, in order
/// @param dropped ids of the neighbours that were left out because an execution failed on them
/// @param self whether the query itself was judged on because it has no neighbours
/// @param calls executor calls
/// @param completionTokens tokens of all outputs
public record GroupRecord(
        List<Candidate> candidates, List<String> dropped, boolean self, CallCount calls, int completionTokens) {
    public GroupRecord {
        candidates = List.copyOf(candidates);
        dropped = List.copyOf(dropped);
    }

    /// One output.
    ///
    /// @param operation `ADD`, `UPDATE i`, or `NONE` where it is malformed
    /// @param values its lessons
    /// @param malformed what is wrong with it, or null
    /// @param marginalUtility `r_g`
    /// @param neighbours what that is the mean of
    public record Candidate(
            String operation,
            List<String> values,
            @Nullable String malformed,
            double marginalUtility,
            List<NeighbourReward> neighbours) {
        public Candidate {
            values = List.copyOf(values);
            neighbours = List.copyOf(neighbours);
        }

        private static Candidate of(CandidateReward reward) {
            MemoryAction action = reward.proposal().action();
            return new Candidate(
                    action == null ? "NONE" : action.operation(),
                    action == null ? List.of() : action.values(),
                    reward.proposal().malformed(),
                    reward.marginalUtility(),
                    reward.neighbours());
        }
    }

    static GroupRecord of(GroupReward reward) {
        return new GroupRecord(
                reward.candidates().stream().map(Candidate::of).toList(),
                reward.dropped(),
                reward.self(),
                reward.calls(),
                reward.candidates().stream()
                        .mapToInt(c -> c.proposal().completionTokens())
                        .sum());
    }
}
