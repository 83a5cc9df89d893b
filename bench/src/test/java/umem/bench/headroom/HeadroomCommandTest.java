package umem.bench.headroom;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import umem.cli.terminal.Terminal;
import umem.engine.language.Generation;
import umem.engine.language.GenerationRequest;
import umem.engine.language.LanguageModel;
import umem.engine.task.Task;
import umem.engine.task.desk.DeskTasks;
import umem.engine.task.desk.Split;

class HeadroomCommandTest {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final AtomicInteger calls = new AtomicInteger();

    @Test
    void printsTheContractedObject() {
        assertThat(run("--tasks", "60", "--seed", "3", "--json")).isZero();

        JsonNode json = JsonMapper.shared().readTree(out.toString(StandardCharsets.UTF_8));
        assertThat(json.propertyNames())
                .containsExactly(
                        "executor",
                        "tasks",
                        "no_memory",
                        "true_rule",
                        "true_rule_among_others",
                        "neighbour_feedback",
                        "boxed",
                        "ci95",
                        "families");
        assertThat(json.get("executor").asString()).isEqualTo("reads the rule");
        assertThat(json.get("tasks").asInt()).isEqualTo(60);
        assertThat(json.get("no_memory").asDouble()).isZero();
        assertThat(json.get("true_rule").asDouble()).isEqualTo(1);
        assertThat(json.get("true_rule_among_others").asDouble()).isBetween(0.05, 0.8);
        assertThat(json.get("neighbour_feedback").asDouble()).isZero();
        // It says nothing without a note.
        assertThat(json.get("boxed").asDouble()).isEqualTo(0.75);
        assertThat(json.get("ci95").get("true_rule").get(0).asDouble()).isEqualTo(1);
        int tasks = 0;
        for (JsonNode family : json.get("families")) {
            tasks += family.get("tasks").asInt();
            assertThat(family.get("true_rule").asDouble()).isEqualTo(1);
        }
        assertThat(tasks).isEqualTo(60);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("240 of 240 executions");
        assertThat(calls).hasValue(240);
    }

    @Test
    void theSecondRunCostsNoCall() {
        run("--tasks", "24", "--json");
        String first = out.toString(StandardCharsets.UTF_8);
        assertThat(calls.getAndSet(0)).isEqualTo(96);
        out.reset();
        run("--tasks", "24", "--json");
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(first);
        assertThat(calls).hasValue(0);
    }

    @Test
    void recordsTheResultWithTheMachine() throws IOException {
        Path file = folder.resolve("results.jsonl");
        run("--tasks", "24", "--record", file.toString());
        run("--tasks", "24", "--seed", "3", "--record", file.toString());
        assertThat(Files.readAllLines(file)).hasSize(2).allSatisfy(line -> {
            JsonNode json = JsonMapper.shared().readTree(line);
            assertThat(json.path("measurement").asString()).isEqualTo("headroom");
            assertThat(json.path("machine").path("processors").asInt()).isPositive();
            assertThat(json.path("machine").path("jdk").asString())
                    .isEqualTo(Runtime.version().toString());
            assertThat(json.path("result").path("true_rule").asDouble()).isEqualTo(1);
        });
    }

    @Test
    void printsATableOfTheFamiliesAskedFor() {
        assertThat(run("--tasks", "24", "--families", "parcel-weight,room-code"))
                .isZero();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("reads the rule, 24 tasks", "true rule                1.000 [1.000, 1.000]")
                .contains("parcel-weight", "room-code")
                .doesNotContain("letter-topic");
    }

    @Test
    void refusesWhatItCannotDraw() {
        assertThat(run("--tasks", "0")).isEqualTo(2);
        assertThat(run("--split", "nonsense")).isEqualTo(2);
        assertThat(run("--families", "nonsense")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("--tasks 0 is not in 1 to 10000", "[train, validation, test, test-unseen]")
                .contains("no family is called nonsense");
        assertThat(calls).hasValue(0);
    }

    private int run(String... args) {
        Terminal terminal = Terminal.plain(
                new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));
        CommandLine line = new CommandLine(new HeadroomCommand(terminal, name -> new RuleReader(calls), folder));
        return line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8))
                .execute(args);
    }

    /// Answers rightly where the first note is the rule that decides the question.
    private static final class RuleReader implements LanguageModel {
        private final Map<String, Task> tasks = new HashMap<>();
        private final AtomicInteger calls;

        RuleReader(AtomicInteger calls) {
            this.calls = calls;
            for (long seed : new long[] {1, 3}) {
                DeskTasks.stream(72, seed, Split.TEST).forEach(t -> tasks.put(t.question(), t));
            }
            DeskTasks.stream(24, 1, Split.TEST, Set.of("parcel-weight", "room-code"), 6)
                    .forEach(t -> tasks.put(t.question(), t));
        }

        @Override
        public CompletableFuture<Generation> submit(GenerationRequest request, Consumer<String> listener) {
            calls.incrementAndGet();
            String prompt = request.messages().getLast().content();
            Task task = Objects.requireNonNull(tasks.get(
                    prompt.substring(prompt.lastIndexOf("Question: ") + 10).strip()));
            boolean right =
                    prompt.contains("experiences:\n- " + task.attributes().get("rule") + "\n");
            String text = right ? "\\boxed{" + task.answers().getFirst() + "}" : "\\boxed{?}";
            return CompletableFuture.completedFuture(new Generation(
                    prompt.contains("experiences:") ? text : "I do not know.", 1, 1, Generation.Finish.STOP));
        }

        @Override
        public String name() {
            return "reads the rule";
        }

        @Override
        public String fingerprint() {
            return "rule-reader";
        }

        @Override
        public int parallelism() {
            return 1;
        }

        @Override
        public void close() {}
    }
}
