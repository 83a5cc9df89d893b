package umem.engine.evolution;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import umem.engine.guard.GuardReport;
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
    /// @param nearFarGap how much more it helps the nearer half of the neighbours
    /// @param guard what was found in its lessons, or null where it is malformed
    /// @param neighbours what the utility is the mean of, nearest first
    public record Candidate(
            String operation,
            List<String> values,
            @Nullable String malformed,
            double marginalUtility,
            double nearFarGap,
            @Nullable GuardReport guard,
            List<NeighbourReward> neighbours) {
        public Candidate {
            values = List.copyOf(values);
            neighbours = List.copyOf(neighbours);
        }

        private static Candidate of(CandidateReward reward, Function<MemoryAction, GuardReport> inspect) {
            MemoryAction action = reward.proposal().action();
            return new Candidate(
                    action == null ? "NONE" : action.operation(),
                    action == null ? List.of() : action.values(),
                    reward.proposal().malformed(),
                    reward.marginalUtility(),
                    reward.nearFarGap(),
                    action == null ? null : inspect.apply(action),
                    reward.neighbours());
        }
    }

    static GroupRecord of(GroupReward reward, Function<MemoryAction, GuardReport> inspect) {
        return new GroupRecord(
                reward.candidates().stream()
                        .map(candidate -> Candidate.of(candidate, inspect))
                        .toList(),
                reward.dropped(),
                reward.self(),
                reward.calls(),
                reward.candidates().stream()
                        .mapToInt(c -> c.proposal().completionTokens())
                        .sum());
    }
}
