package umem.engine.evolution;

import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import umem.engine.executor.Trajectory;
import umem.engine.guard.Guard;
import umem.engine.memory.MemoryBank;
import umem.engine.optimizer.MemOptimizer;
import umem.engine.optimizer.Proposal;
import umem.engine.reward.CandidateReward;
import umem.engine.reward.CommitRule;
import umem.engine.reward.GroupEvaluator;
import umem.engine.reward.GroupReward;
import umem.engine.task.Task;

/// Samples a group of actions, judges each by its marginal utility on the query's neighbours and commits the best if it
/// helps: the reward of training (spec, sections 5 and 7) without any training.
public final class BestOfGroup implements ActionSelection {
    private final MemOptimizer optimizer;
    private final GroupEvaluator evaluator;
    private final Function<Task, List<Task>> neighbourhood;
    private final CommitRule rule;
    private final Guard guard;
    private final Sampling sampling;

    /// How a group is drawn.
    ///
    /// @param group outputs a query, at least 1 (paper: G = 8)
    /// @param temperature above 0 (paper: 1.0)
    /// @param seed of the first output of the first step; every output has a seed of its own
    public record Sampling(int group, double temperature, long seed) {
        public Sampling {
            if (group < 1) {
                throw new IllegalArgumentException("group " + group + " is below 1");
            }
            if (!(temperature > 0)) {
                throw new IllegalArgumentException("temperature " + temperature + " is not above 0");
            }
        }
    }

    /// @param neighbourhood the neighbours of a task, nearest first; may be none
    public BestOfGroup(
            MemOptimizer optimizer,
            GroupEvaluator evaluator,
            Function<Task, List<Task>> neighbourhood,
            CommitRule rule,
            Guard guard,
            Sampling sampling) {
        this.optimizer = optimizer;
        this.evaluator = evaluator;
        this.neighbourhood = neighbourhood;
        this.rule = rule;
        this.guard = guard;
        this.sampling = sampling;
    }

    @Override
    public Choice choose(Trajectory trajectory, MemoryBank bank, long step) {
        List<Proposal> group = optimizer.sample(
                trajectory, sampling.group(), sampling.temperature(), sampling.seed() + step * sampling.group());
        GroupReward reward = evaluator.evaluate(trajectory, group, neighbourhood.apply(trajectory.task()), bank);
        Task task = trajectory.task();
        OptionalInt chosen = rule.choose(
                reward, action -> !guard.inspect(action.values(), task).quarantined());
        GroupRecord record = GroupRecord.of(reward, action -> guard.inspect(action.values(), task));
        if (chosen.isPresent()) {
            CandidateReward best = reward.candidates().get(chosen.getAsInt());
            return new Choice(
                    best.proposal(),
                    true,
                    best.marginalUtility(),
                    record.candidates().get(chosen.getAsInt()).guard(),
                    record);
        }
        int shown = firstWellFormed(group);
        return new Choice(
                group.get(shown), false, 0, record.candidates().get(shown).guard(), record);
    }

    private static int firstWellFormed(List<Proposal> group) {
        for (int g = 0; g < group.size(); g++) {
            if (group.get(g).action() != null) {
                return g;
            }
        }
        return 0;
    }

    @Override
    public String fingerprint() {
        return "best of " + sampling + ", " + evaluator.options() + ", " + rule + ", guard " + guard;
    }

    @Override
    public MemOptimizer optimizer() {
        return optimizer;
    }
}
