package umem.engine.evolution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.executor.ExecutionCache;
import umem.engine.executor.Executor;
import umem.engine.executor.Prompts;
import umem.engine.guard.Guard;
import umem.engine.language.GenerationRequest;
import umem.engine.memory.MemoryAction;
import umem.engine.memory.MemoryBank;
import umem.engine.memory.MemoryEntry;
import umem.engine.memory.Provenance;
import umem.engine.optimizer.MemOptimizer;
import umem.engine.task.Task;
import umem.engine.task.TaskKind;
import umem.engine.testing.HashedWords;
import umem.engine.testing.ScriptedLanguageModel;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The stream with scripted models: the executor solves a task once it is shown the rule of the task's colour; the
/// Mem-Optimizer writes that rule down for some tasks, nonsense for others.
class EvolutionTest {
    private static final StreamOptions OPTIONS = StreamOptions.paper();

    @TempDir
    Path folder;

    private final HashedWords encoder = new HashedWords(256);
    private List<Task> tasks = List.of();

    @BeforeEach
    void makeTasks() {
        List<Task> made = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            String colour = List.of("red", "green", "blue").get(i % 3);
            made.add(new Task(
                    "t" + i,
                    TaskKind.QUESTION_ANSWERING,
                    "The " + colour + " " + colour + " parcel number " + i + " wants a shelf",
                    List.of(),
                    null,
                    List.of(colour + " shelf"),
                    new Task.Feedback("Yes.", "No: " + colour + "."),
                    Map.of()));
        }
        tasks = made;
    }

    private static String last(GenerationRequest request) {
        return request.messages().getLast().content();
    }

    private static String executor(GenerationRequest request) {
        for (String colour : List.of("red", "green", "blue")) {
            if (last(request).contains("The " + colour) && last(request).contains("rule " + colour)) {
                return "The note says so. \\boxed{" + colour + " shelf}";
            }
        }
        return "I guess. \\boxed{floor}";
    }

    private static String optimizer(GenerationRequest request) {
        String prompt = last(request);
        if (prompt.contains("number 4 ")) {
            return "I have nothing to say.";
        }
        String colour = prompt.contains("The red") ? "red" : prompt.contains("The green") ? "green" : "blue";
        boolean known = prompt.contains("[0] rule " + colour);
        return "Hm. <experience><value>rule " + colour + "</value><operation>" + (known ? "UPDATE 0" : "ADD")
                + "</operation></experience>";
    }

    private Summary run(String name, StreamOptions options, BooleanSupplier stop) {
        return run(name, options, stop, EvolutionTest::executor, StreamListener.silent());
    }

    private Summary run(
            String name,
            StreamOptions options,
            BooleanSupplier stop,
            Function<GenerationRequest, String> executor,
            StreamListener listener) {
        Path bankFolder = folder.resolve(name).resolve("bank");
        try (MemoryBank bank = MemoryBank.open(bankFolder, encoder)) {
            return new Evolution(
                            new Executor(
                                    ScriptedLanguageModel.answering(executor),
                                    Prompts.standard(),
                                    ExecutionCache.inMemory(),
                                    64),
                            ActionSelection.greedy(
                                    new MemOptimizer(
                                            ScriptedLanguageModel.answering(EvolutionTest::optimizer),
                                            Prompts.standard(),
                                            MemOptimizer.Options.defaults()),
                                    Guard.REPORT),
                            encoder,
                            bank,
                            options)
                    .run(tasks, "a test", new RunFolder(folder.resolve(name)), "bank", listener, stop);
        }
    }

    private List<Step> steps(String name) {
        List<Step> steps = new ArrayList<>();
        new RunFolder(folder.resolve(name)).steps(steps::add);
        return steps;
    }

    /// What must be the same however often a run was interrupted.
    private List<Step> essence(String name) {
        return steps(name).stream()
                .map(s -> new Step(
                        s.step(),
                        s.epoch(),
                        s.task(),
                        new Attempt(
                                s.attempt().answer(),
                                s.attempt().correct(),
                                s.attempt().output(),
                                s.attempt().promptTokens(),
                                s.attempt().completionTokens(),
                                false),
                        s.reply(),
                        s.retrieved(),
                        s.edit(),
                        s.guard(),
                        s.group(),
                        0,
                        s.bankSize(),
                        0))
                .toList();
    }

    private List<MemoryEntry> bank(String name) {
        Instant at = Instant.EPOCH;
        try (MemoryBank bank = MemoryBank.open(folder.resolve(name).resolve("bank"), encoder)) {
            return bank.entries().stream()
                    .map(e -> new MemoryEntry(
                            e.id(),
                            e.version(),
                            e.key(),
                            e.values(),
                            e.usageCount(),
                            e.reward(),
                            new Provenance(
                                    e.provenance().taskId(),
                                    e.provenance().trajectorySha256(),
                                    e.provenance().executor(),
                                    e.provenance().optimizer(),
                                    e.provenance().step(),
                                    at)))
                    .toList();
        }
    }

    @Test
    void theBankHelpsTheTasksThatComeLater() {
        Summary summary = run("a", OPTIONS, () -> false);
        // Each colour's first task finds an empty bank or other rules; green's second lesson is malformed.
        assertThat(steps("a").stream().map(s -> s.attempt().correct()))
                .containsExactly(false, false, false, true, true, true, true, true, true);
        assertThat(summary.accuracyNoMemory()).isZero();
        assertThat(summary.accuracyWithMemory()).isEqualTo(6 / 9.0);
        assertThat(summary.won()).isEqualTo(6);
        assertThat(summary.lost()).isZero();
        assertThat(summary.added()).isEqualTo(3);
        assertThat(summary.updated()).isEqualTo(5);
        assertThat(summary.malformed()).isEqualTo(1);
        assertThat(summary.memories()).isEqualTo(3);
        assertThat(summary.ci95().get(0)).isGreaterThan(0).isLessThan(6 / 9.0);
        assertThat(summary.ci95().get(1)).isGreaterThan(6 / 9.0);
        assertThat(summary.boxed()).isEqualTo(1);
        // The first task of the stream has no memories, so its execution was known.
        assertThat(summary.executorCalls()).isEqualTo(17);
        assertThat(summary.executorCallsSaved()).isEqualTo(1);
        Step first = steps("a").getFirst();
        assertThat(first.retrieved()).isEmpty();
        assertThat(first.reply()).isEqualTo("No: red.");
        assertThat(bank("a").getFirst().provenance().taskId()).isEqualTo("t6");
        assertThat(new RunFolder(folder.resolve("a")).summary()).contains(summary);
    }

    @Test
    void aStoppedRunGoesOnWithTheStepUnderWay() {
        StreamOptions options = new StreamOptions(3, -1, true, 2, true, 5);
        run("whole", options, () -> false);
        for (int stopAfter = 0; stopAfter < 27; stopAfter += 4) {
            String name = "stopped" + stopAfter;
            int[] asked = {0};
            int limit = stopAfter;
            assertThatThrownBy(() -> run(name, options, () -> asked[0]++ >= limit))
                    .isInstanceOfSatisfying(
                            UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INTERRUPTED))
                    .hasMessageContaining(name);
            Summary summary = run(name, options, () -> false);
            assertThat(essence(name)).isEqualTo(essence("whole"));
            assertThat(bank(name)).isEqualTo(bank("whole"));
            assertThat(summary.executorCalls() + summary.executorCallsSaved()).isEqualTo(27);
        }
    }

    @Test
    void aFailureOfTheModelLosesNothing() {
        run("whole", OPTIONS, () -> false);
        int[] calls = {0};
        assertThatThrownBy(() -> run(
                        "broken",
                        OPTIONS,
                        () -> false,
                        request -> {
                            if (calls[0]++ == 13) {
                                throw new UmemException(ErrorKind.REMOTE, "the endpoint is gone");
                            }
                            return executor(request);
                        },
                        StreamListener.silent()))
                .hasMessage("the endpoint is gone");
        assertThat(steps("broken")).hasSize(5);
        run("broken", OPTIONS, () -> false);
        assertThat(essence("broken")).isEqualTo(essence("whole"));
        assertThat(bank("broken")).isEqualTo(bank("whole"));
    }

    @Test
    void aKillBetweenCommitAndRecordIsTakenBack() throws IOException {
        run("whole", OPTIONS, () -> false);
        int[] asked = {0};
        assertThatThrownBy(() -> run("killed", OPTIONS, () -> asked[0]++ >= 14)).isInstanceOf(UmemException.class);
        // The state that a kill would leave: the bank has the fifth step's commit, its record is torn.
        Path events = folder.resolve("killed/events.jsonl");
        byte[] bytes = Files.readAllBytes(events);
        Files.write(events, java.util.Arrays.copyOf(bytes, bytes.length - 10));
        run("killed", OPTIONS, () -> false);
        assertThat(essence("killed")).isEqualTo(essence("whole"));
        assertThat(bank("killed")).isEqualTo(bank("whole"));
        assertThat(Files.readAllLines(folder.resolve("killed/metrics.jsonl"))).hasSize(9);
    }

    @Test
    void somebodyElsesChangeOfTheBankIsNotOverwritten() {
        int[] asked = {0};
        assertThatThrownBy(() -> run("a", OPTIONS, () -> asked[0]++ >= 14)).isInstanceOf(UmemException.class);
        try (MemoryBank bank = MemoryBank.open(folder.resolve("a/bank"), encoder)) {
            bank.apply(
                    new MemoryAction.Add(List.of("mine")), List.of(), "a key", 0, Provenance.imported(Instant.now()));
        }
        assertThatThrownBy(() -> run("a", OPTIONS, () -> false))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                .hasMessageContaining("the bank was changed");
        assertThat(bank("a").getLast().values()).containsExactly("mine");
    }

    @Test
    void anotherRunsFolderIsRefused() {
        run("a", OPTIONS, () -> false);
        assertThatThrownBy(() -> run("a", new StreamOptions(2, -1, true, 1, false, 0), () -> false))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                .hasMessageContaining("different: top-k");
        tasks = tasks.subList(0, 8);
        assertThatThrownBy(() -> run("a", OPTIONS, () -> false)).hasMessageContaining("different: tasks");
    }

    @Test
    void aCompleteRunIsNotRunAgain() {
        Summary first = run("a", OPTIONS, () -> false);
        Summary again = run(
                "a",
                OPTIONS,
                () -> false,
                request -> {
                    throw new AssertionError("nothing is left to do");
                },
                StreamListener.silent());
        assertThat(again).isEqualTo(first);
    }

    @Test
    void aMemoryIsNotShownToItsOwnTaskUnlessAsked() {
        tasks = tasks.subList(0, 3);
        run("guarded", new StreamOptions(3, -1, true, 2, false, 0), () -> false);
        assertThat(ownMemoryShown("guarded")).isFalse();
        run("open", new StreamOptions(3, -1, false, 2, false, 0), () -> false);
        assertThat(ownMemoryShown("open")).isTrue();
    }

    /// Whether a step was shown a memory whose version of that moment came from the same task.
    private boolean ownMemoryShown(String name) {
        Map<String, String> taskOfEntry = new java.util.HashMap<>();
        boolean shown = false;
        for (Step step : steps(name)) {
            for (Step.Shown memory : step.retrieved()) {
                shown |= step.task().equals(taskOfEntry.get(memory.id()));
            }
            if (step.edit().entry() != null) {
                taskOfEntry.put(step.edit().entry(), step.task());
            }
        }
        return shown;
    }

    @Test
    void aRepeatedTaskIdIsRefused() {
        List<Task> twice = new ArrayList<>(tasks);
        twice.add(tasks.getFirst());
        tasks = twice;
        assertThatThrownBy(() -> run("a", OPTIONS, () -> false)).hasMessageContaining("t0 occurs twice");
    }
}
