package umem.bench.headroom;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;
import umem.bench.Results;
import umem.cli.terminal.Json;
import umem.cli.terminal.SetupProgress;
import umem.cli.terminal.Terminal;
import umem.engine.Engine;
import umem.engine.executor.ExecutionCache;
import umem.engine.executor.Executor;
import umem.engine.executor.Prompts;
import umem.engine.executor.Trajectory;
import umem.engine.language.LanguageModel;
import umem.engine.task.Task;
import umem.engine.task.desk.DeskTasks;
import umem.engine.task.desk.Split;
import umem.provision.Provision;

/// `umem bench headroom`: how many of the bundled tasks an executor solves without memory, with the rule that decides
/// them, with that rule among others, and with a neighbour's raw reply. What lies between the first two is what a
/// Mem-Optimizer can gain.
@Command(
        name = "headroom",
        description = "Measure what memory can do for an executor on the bundled tasks.",
        sortOptions = false)
public final class HeadroomCommand implements Runnable {
    private static final int CASES_PER_RULE = 6;
    private static final int MAX_TOKENS = 256;

    private final Terminal terminal;
    private final Function<String, LanguageModel> open;
    private final Path executions;

    @Spec
    private CommandSpec spec;

    @Option(names = "--tasks", defaultValue = "96", description = "How many tasks (default: ${DEFAULT-VALUE}).")
    private int tasks;

    @Option(names = "--seed", defaultValue = "1", description = "Names the tasks (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--split",
            defaultValue = "test",
            description = "train, validation, test or test-unseen (default: ${DEFAULT-VALUE}).")
    private String split;

    @Option(
            names = "--executor",
            paramLabel = "MODEL-or-URL",
            defaultValue = Engine.EXECUTOR,
            description = "The language model (default: ${DEFAULT-VALUE}).")
    private String executor;

    @Option(
            names = "--families",
            split = ",",
            paramLabel = "NAME",
            description = "Families of tasks (default: the mix of the split).")
    private Set<String> families = new TreeSet<>();

    @Option(
            names = "--record",
            paramLabel = "FILE",
            description = "Also append the result and the machine to this file, one JSON object a line.")
    private @Nullable Path recordFile;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    /// @param terminal receives the result on standard output, progress on standard error
    /// @param open opens a model by the name that the user gives
    /// @param executions folder of the execution cache
    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    HeadroomCommand(Terminal terminal, Function<String, LanguageModel> open, Path executions) {
        this.terminal = terminal;
        this.open = open;
        this.executions = executions;
    }

    /// The command as users have it: whatever [Engine] opens.
    public static HeadroomCommand standard(Terminal terminal) {
        Provision provision = Provision.standard(SetupProgress.on(terminal));
        return new HeadroomCommand(
                terminal,
                name -> Engine.open(provision).languageModel(name),
                provision.cache().resolve("executions"));
    }

    @Override
    public void run() {
        List<Task> stream = draw();
        try (LanguageModel model = open.apply(executor)) {
            Headroom headroom =
                    measure(stream, new Executor(model, Prompts.standard(), ExecutionCache.in(executions), MAX_TOKENS));
            if (recordFile != null) {
                ObjectNode result = HeadroomTable.json(headroom);
                Results.append(
                        recordFile, "headroom", result.put("split", split).put("seed", seed));
            }
            if (json) {
                terminal.print(Json.line(HeadroomTable.json(headroom)));
            } else {
                HeadroomTable.lines(headroom).forEach(terminal::print);
            }
        }
    }

    private List<Task> draw() {
        if (tasks < 1 || tasks > 10_000) {
            throw new ParameterException(spec.commandLine(), "--tasks " + tasks + " is not in 1 to 10000");
        }
        Split named = Arrays.stream(Split.values())
                .filter(s -> s.label().equals(split))
                .findFirst()
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(),
                        "--split " + split + " is none of "
                                + Arrays.stream(Split.values())
                                        .map(Split::label)
                                        .toList()));
        // Whole clusters, so that each task has neighbours.
        int whole = Math.ceilDiv(tasks, SettingMemories.WINDOW) * SettingMemories.WINDOW;
        try {
            return DeskTasks.stream(
                    whole, seed, named, families.isEmpty() ? DeskTasks.mix(named) : families, CASES_PER_RULE);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    /// Submits everything at once: the model runs as many side by side as it can.
    private Headroom measure(List<Task> stream, Executor solver) {
        SettingMemories memories = new SettingMemories(stream, seed);
        int total = tasks * Setting.values().length;
        AtomicInteger done = new AtomicInteger();
        Map<Setting, List<CompletableFuture<Trajectory>>> running = new EnumMap<>(Setting.class);
        for (Setting setting : Setting.values()) {
            running.put(
                    setting,
                    stream.subList(0, tasks).stream()
                            .map(task -> solver.submit(task, memories.of(setting, task))
                                    .whenComplete((trajectory, failure) -> progress(done.incrementAndGet(), total)))
                            .toList());
        }
        Map<Setting, List<Trajectory>> runs = new EnumMap<>(Setting.class);
        running.forEach((setting, futures) ->
                runs.put(setting, futures.stream().map(Executor::await).toList()));
        terminal.clearStatus();
        return Headroom.of(solver.name(), runs);
    }

    private void progress(int done, int total) {
        terminal.status("headroom: " + done + " of " + total + " executions");
        if (!terminal.live() && done * 10 / total != (done - 1) * 10 / total) {
            terminal.log("headroom: " + done + " of " + total + " executions");
        }
    }
}
