package umem.engine.reward;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import umem.engine.embedding.Encoder;
import umem.engine.executor.Executor;
import umem.engine.executor.Trajectory;
import umem.engine.memory.Memories;
import umem.engine.memory.MemoryAction;
import umem.engine.memory.MemoryBank;
import umem.engine.memory.MemoryEntry;
import umem.engine.memory.Provenance;
import umem.engine.memory.Retrieval;
import umem.engine.memory.RetrievedMemory;
import umem.engine.optimizer.Proposal;
import umem.engine.task.Task;

/// Marginal utility (spec, section 5): how much each output of a group helps the neighbours of its query, against the
/// bank as it is. One plan a group: what the candidates need is collected, deduplicated and executed together.
///
/// A neighbour on which an execution fails for good is left out for the whole group, so that all candidates are
/// averaged over the same tasks.
///
/// Safe for all threads; the bank must not change while a group is judged. Owns nothing it is given.
public final class GroupEvaluator {
    private final Executor executor;
    private final Encoder encoder;
    private final RewardOptions options;

    public GroupEvaluator(Executor executor, Encoder encoder, RewardOptions options) {
        this.executor = executor;
        this.encoder = encoder;
        this.options = options;
    }

    /// How candidates are judged.
    public RewardOptions options() {
        return options;
    }

    /// Judges a group.
    ///
    /// @param trajectory what the group was written about, with the memories that were shown
    /// @param group the outputs, at least one
    /// @param neighbourhood the neighbours of the trajectory's task; where there are none, the task itself is judged on
    /// @param bank the bank as it is
    /// @throws umem.error.UmemException of kind INTERRUPTED; what the encoder throws
    public GroupReward evaluate(
            Trajectory trajectory, List<Proposal> group, List<Task> neighbourhood, MemoryBank bank) {
        boolean self = options.mode() == RewardMode.SELF || neighbourhood.isEmpty();
        List<Target> targets = (self ? List.of(trajectory.task()) : neighbourhood)
                .stream().map(task -> target(task, bank, self)).toList();
        Map<MemoryAction, List<List<RetrievedMemory>>> shown = new LinkedHashMap<>();
        long wellFormed = 0;
        for (Proposal proposal : group) {
            MemoryAction action = proposal.action();
            if (action != null) {
                wellFormed++;
                shown.computeIfAbsent(action, a -> augmented(a, trajectory, bank, targets, self));
            }
        }

        ExecutionPlan plan = new ExecutionPlan();
        long wanted = 0;
        for (int i = 0; i < targets.size(); i++) {
            Target target = targets.get(i);
            boolean compared = false;
            for (List<List<RetrievedMemory>> memories : shown.values()) {
                if (!ExecutionPlan.same(memories.get(i), target.reference())) {
                    plan.add(target.task(), memories.get(i));
                    wanted++;
                    compared = true;
                }
            }
            if (compared) {
                plan.add(target.task(), target.reference());
                wanted++;
            }
        }
        plan.run(executor, options.retries());

        Set<String> dropped = dropped(plan, targets, shown);
        List<CandidateReward> rewards = new ArrayList<>(group.size());
        for (Proposal proposal : group) {
            MemoryAction action = proposal.action();
            List<List<RetrievedMemory>> memories = action == null ? null : shown.get(action);
            rewards.add(new CandidateReward(
                    proposal, memories == null ? List.of() : neighbours(plan, targets, memories, dropped)));
        }
        long needed = targets.size() * (1 + wellFormed);
        long duplicate = targets.size() * (wellFormed - shown.size());
        return new GroupReward(
                rewards,
                List.copyOf(dropped),
                self,
                new CallCount(
                        needed, plan.run(), plan.fromCache(), needed - duplicate - wanted, duplicate, plan.failed()));
    }

    private Target target(Task task, MemoryBank bank, boolean self) {
        float[] query = encoder.encode(task.question());
        return new Target(
                task,
                query,
                options.mode() == RewardMode.PUBLISHED ? List.of() : bank.retrieve(query, retrieval(task, self)));
    }

    /// What each target is shown on `Apply(B, a)`, in order.
    private List<List<RetrievedMemory>> augmented(
            MemoryAction action, Trajectory trajectory, MemoryBank bank, List<Target> targets, boolean self) {
        String key = trajectory.task().question();
        Provenance provenance = new Provenance(
                trajectory.task().id(), trajectory.sha256(), executor.fingerprint(), "", -1, Instant.EPOCH);
        if (options.mode() == RewardMode.PUBLISHED) {
            MemoryEntry alone = new MemoryEntry("candidate", 1, key, action.values(), 0, 0, provenance);
            return targets.stream()
                    .map(target -> List.of(new RetrievedMemory(alone, 1)))
                    .toList();
        }
        Memories candidate = bank.candidate(action, trajectory.memories(), key, provenance);
        return targets.stream()
                .map(target -> candidate.retrieve(target.query(), retrieval(target.task(), self)))
                .toList();
    }

    /// On itself a query has to see the memory made from it, or nothing would be judged.
    private Retrieval retrieval(Task task, boolean self) {
        Retrieval retrieval = options.retrieval(task.id());
        return self ? retrieval.excluding(null) : retrieval;
    }

    /// The targets on which an execution failed that any candidate needs.
    private static Set<String> dropped(
            ExecutionPlan plan, List<Target> targets, Map<MemoryAction, List<List<RetrievedMemory>>> shown) {
        Set<String> dropped = new LinkedHashSet<>();
        for (int i = 0; i < targets.size(); i++) {
            Target target = targets.get(i);
            for (List<List<RetrievedMemory>> memories : shown.values()) {
                if (!ExecutionPlan.same(memories.get(i), target.reference())
                        && (plan.outcome(target.task(), memories.get(i)) == null
                                || plan.outcome(target.task(), target.reference()) == null)) {
                    dropped.add(target.task().id());
                }
            }
        }
        return dropped;
    }

    private List<NeighbourReward> neighbours(
            ExecutionPlan plan, List<Target> targets, List<List<RetrievedMemory>> shown, Set<String> dropped) {
        List<NeighbourReward> neighbours = new ArrayList<>(targets.size());
        for (int i = 0; i < targets.size(); i++) {
            Task task = targets.get(i).task();
            if (!dropped.contains(task.id())) {
                Outcome reference = plan.outcome(task, targets.get(i).reference());
                Outcome augmented = plan.outcome(task, shown.get(i));
                neighbours.add(new NeighbourReward(task.id(), utility(reference, augmented), reference, augmented));
            }
        }
        return neighbours;
    }

    /// Where the same is shown, one outcome serves as both, and the utility is 0 as it should be: unless neither was
    /// executed.
    private Utility utility(@Nullable Outcome reference, @Nullable Outcome augmented) {
        if (reference == null || augmented == null) {
            return Utility.NONE;
        }
        return options.mode() == RewardMode.PUBLISHED
                ? Utility.published(reference, augmented)
                : Utility.of(reference, augmented);
    }
}
