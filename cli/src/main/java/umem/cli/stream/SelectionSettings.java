package umem.cli.stream;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import umem.engine.embedding.Encoder;
import umem.engine.evolution.ActionSelection;
import umem.engine.evolution.BestOfGroup;
import umem.engine.executor.Executor;
import umem.engine.guard.Guard;
import umem.engine.neighborhood.NearestTasks;
import umem.engine.neighborhood.Neighbor;
import umem.engine.neighborhood.NeighborhoodSearch;
import umem.engine.neighborhood.Neighborhoods;
import umem.engine.optimizer.MemOptimizer;
import umem.engine.reward.CommitRule;
import umem.engine.reward.GroupEvaluator;
import umem.engine.reward.RewardMode;
import umem.engine.reward.RewardOptions;
import umem.engine.task.Task;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// How the edit of the bank is chosen; a picocli mixin of `umem demo` and `umem run`.
public final class SelectionSettings {
    private static final int MOST = 64;

    @Option(
            names = "--select",
            arity = "1..2",
            paramLabel = "HOW",
            description = "greedy (default): what the Mem-Optimizer writes is committed. best-of G: it writes G times,"
                    + " each output is judged by its marginal utility on neighbouring tasks, and the best is committed if"
                    + " it helps.")
    String[] select = {"greedy"};

    @Option(
            names = "--neighbors",
            paramLabel = "N",
            description = "Neighbours that an output is judged on. Default: ${DEFAULT-VALUE}.")
    int neighbors = 3;

    @Option(
            names = "--neighborhoods",
            paramLabel = "FILE",
            description = "Take the neighbours from a file of `umem neighbors build` instead of searching them.")
    @Nullable
    Path neighborhoods;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "Of the Mem-Optimizer with best-of. Default: ${DEFAULT-VALUE}.")
    double temperature = 1;

    @Option(
            names = "--reward",
            paramLabel = "MODE",
            description = "What an output is judged on: paper (default), published (as the published code does), self"
                    + " (the task itself).")
    RewardMode reward = RewardMode.PAPER;

    @Option(
            names = "--confidence",
            paramLabel = "Z",
            description = "Commit only if the utility exceeds 0 by Z standard errors over the neighbours. Default: 0.")
    double confidence;

    @Option(
            names = "--guard",
            paramLabel = "MODE",
            description = "report (default): count lessons that give their task away, keep out those that try to steer"
                    + " the model. enforce: keep out both. off: neither.")
    Guard guard = Guard.REPORT;

    /// Outputs a task, 0 for greedy.
    ///
    /// @throws UmemException of kind USAGE if the choice is none or a number is out of range
    int group() {
        String how = select[0].toLowerCase(Locale.ROOT);
        if (how.equals("greedy") && select.length == 1) {
            return 0;
        }
        if (!how.equals("best-of") || select.length != 2) {
            throw usage("--select is greedy or best-of G, such as best-of 8");
        }
        int group = 0;
        try {
            group = Integer.parseInt(select[1]);
        } catch (NumberFormatException e) {
            // Told below, with what is allowed.
        }
        if (group < 1 || group > MOST) {
            throw usage("--select best-of " + select[1] + " is not in 1 to " + MOST);
        }
        return group;
    }

    /// @throws UmemException of kind USAGE if a number is out of range
    void check() {
        group();
        if (neighbors < 1 || neighbors > NeighborhoodSearch.MOST) {
            throw usage("--neighbors " + neighbors + " is not in 1 to " + NeighborhoodSearch.MOST);
        }
        if (!(temperature > 0 && temperature <= 100)) {
            throw usage("--temperature " + temperature + " is not above 0 and at most 100");
        }
        if (!(confidence >= 0)) {
            throw usage("--confidence " + confidence + " is negative");
        }
    }

    private static UmemException usage(String message) {
        return new UmemException(ErrorKind.USAGE, message);
    }

    /// @param stream the tasks of the stream
    /// @param pool where neighbours are taken from
    /// @param options how memories are retrieved, and the seed
    ActionSelection selection(
            MemOptimizer optimizer,
            Executor executor,
            Encoder encoder,
            List<Task> stream,
            List<Task> pool,
            StreamSettings options) {
        int group = group();
        if (group == 0) {
            return ActionSelection.greedy(optimizer, guard);
        }
        RewardOptions judged = new RewardOptions(
                reward,
                options.topK,
                options.minScore,
                !options.allowSelf,
                RewardOptions.paper().retries());
        return new BestOfGroup(
                optimizer,
                new GroupEvaluator(executor, encoder, judged),
                neighborhood(encoder, stream, pool),
                new CommitRule(confidence),
                guard,
                new BestOfGroup.Sampling(group, temperature, options.seed * 1_000_003));
    }

    private Function<Task, List<Task>> neighborhood(Encoder encoder, List<Task> stream, List<Task> pool) {
        if (neighborhoods == null) {
            return new NearestTasks(pool, encoder, neighbors, NeighborhoodSearch.NEAR_DUPLICATE);
        }
        Neighborhoods built = Neighborhoods.read(neighborhoods);
        Map<String, Task> byId = new HashMap<>();
        pool.forEach(task -> byId.put(task.id(), task));
        for (Task task : stream) {
            for (Neighbor neighbor : built.of(task.id())) {
                if (!byId.containsKey(neighbor.id())) {
                    throw new UmemException(
                            ErrorKind.INPUT,
                            neighborhoods + ": task \"" + task.id() + "\" has a neighbour \"" + neighbor.id()
                                    + "\" that is not among the tasks; build the neighbourhoods anew from this file");
                }
            }
        }
        return task -> built.of(task.id()).stream()
                .limit(neighbors)
                .map(neighbor -> java.util.Objects.requireNonNull(byId.get(neighbor.id())))
                .toList();
    }
}
