package umem.engine.reward;

import java.util.OptionalInt;
import java.util.function.Predicate;
import umem.engine.memory.MemoryAction;

/// Which action of a group goes into the bank, if any (spec, section 7): the one of highest `r_g`, if it is well-formed
/// and helps. Of equals the first.
///
/// @param confidence standard errors that are taken off `r_g` before it must exceed 0; 0 is the paper's rule
public record CommitRule(double confidence) {
    public CommitRule {
        if (!(confidence >= 0)) {
            throw new IllegalArgumentException("confidence " + confidence + " is negative");
        }
    }

    /// The paper's: `r_g > 0`.
    public static CommitRule paper() {
        return new CommitRule(0);
    }

    /// The place of the action to commit in its group, or none.
    public OptionalInt choose(GroupReward group) {
        return choose(group, action -> true);
    }

    /// The same among the actions that a condition admits.
    public OptionalInt choose(GroupReward group, Predicate<MemoryAction> admitted) {
        int best = -1;
        double bestBound = 0;
        for (int g = 0; g < group.candidates().size(); g++) {
            CandidateReward candidate = group.candidates().get(g);
            MemoryAction action = candidate.proposal().action();
            if (action != null && bound(candidate) > bestBound && admitted.test(action)) {
                best = g;
                bestBound = bound(candidate);
            }
        }
        return best < 0 ? OptionalInt.empty() : OptionalInt.of(best);
    }

    private double bound(CandidateReward candidate) {
        return confidence == 0
                ? candidate.marginalUtility()
                : candidate.marginalUtility() - confidence * candidate.standardError();
    }
}
