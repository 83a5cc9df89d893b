package umem.engine.evolution;

import org.jspecify.annotations.Nullable;
import umem.engine.executor.Trajectory;
import umem.engine.guard.Guard;
import umem.engine.guard.GuardReport;
import umem.engine.memory.MemoryAction;
import umem.engine.memory.MemoryBank;
import umem.engine.optimizer.MemOptimizer;
import umem.engine.optimizer.Proposal;

/// Decides what becomes of the bank after a trajectory.
public interface ActionSelection {
    /// Chooses an action.
    ///
    /// @param trajectory what just happened
    /// @param bank as it is; not changed here
    /// @param step of the stream, from 0
    /// @throws umem.error.UmemException what the models fail with
    Choice choose(Trajectory trajectory, MemoryBank bank, long step);

    /// Identifies all that decides a choice besides the trajectory and the bank.
    String fingerprint();

    /// The Mem-Optimizer that writes the actions.
    MemOptimizer optimizer();

    /// A choice.
    ///
    /// @param proposal the output that was chosen: the committed one, or the one to show where none is committed
    /// @param commit whether its action goes into the bank
    /// @param reward `r_g` of the action, 0 where none was computed
    /// @param guard what was found in its action, or null where it has none
    /// @param group what it was chosen from, or null where there was one output only
    record Choice(
            Proposal proposal,
            boolean commit,
            double reward,
            @Nullable GuardReport guard,
            @Nullable GroupRecord group) {}

    /// Whatever the Mem-Optimizer writes greedily, if it is well-formed: the paper's evaluation.
    static ActionSelection greedy(MemOptimizer optimizer, Guard guard) {
        return new ActionSelection() {
            @Override
            public Choice choose(Trajectory trajectory, MemoryBank bank, long step) {
                Proposal proposal = optimizer.propose(trajectory);
                MemoryAction action = proposal.action();
                GuardReport report = action == null ? null : guard.inspect(action.values(), trajectory.task());
                return new Choice(proposal, report != null && !report.quarantined(), 0, report, null);
            }

            @Override
            public String fingerprint() {
                return "greedy" + (guard == Guard.REPORT ? "" : ", guard " + guard);
            }

            @Override
            public MemOptimizer optimizer() {
                return optimizer;
            }
        };
    }
}
