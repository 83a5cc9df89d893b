package umem.bench.launched;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// `umem run` as a process, with a small model: what happens to it, and what it does with bad input.
class RunIT {
    private static final String MODEL = "smollm2-135m-instruct";
    private static final int TASKS = 6;

    @TempDir
    Path folder;

    @BeforeEach
    void writeTasks() throws IOException {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < TASKS; i++) {
            ObjectNode line = JsonMapper.shared().createObjectNode();
            line.put("id", "t" + i);
            line.put("question", "Which colour has lamp number " + (100 + 7 * i) + " in hall " + i + "?");
            line.put("answer", i % 2 == 0 ? "red" : "green");
            lines.add(line.toString());
        }
        Files.write(folder.resolve("tasks.jsonl"), lines);
    }

    private static String[] run(String out, String... more) {
        List<String> words = new ArrayList<>(List.of(
                "run", "--tasks", "tasks.jsonl", "--out", out, "--json", "--executor", MODEL, "--optimizer", MODEL));
        words.addAll(List.of("--grammar", "--max-tokens", "24", "--lesson-tokens", "200", "--no-cache"));
        words.addAll(List.of("--threads", "1", "--cpu"));
        words.addAll(List.of(more));
        return words.toArray(String[]::new);
    }

    private List<JsonNode> steps(String out) throws IOException {
        List<JsonNode> steps = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve(out).resolve("events.jsonl"))) {
            steps.add(JsonMapper.shared().readTree(line));
        }
        return steps;
    }

    /// Goes on with a run that was cut off, and holds the result against what was there before.
    ///
    /// The texts of the steps that follow may differ from those of a run that was never cut off: a quantised model's
    /// greedy text depends on what its cache holds. `EvolutionTest` holds whole runs against each other.
    private void goesOn(String out) throws IOException {
        List<JsonNode> before = Files.exists(folder.resolve(out).resolve("events.jsonl")) ? wholeSteps(out) : List.of();
        Launched.Result after = Launched.run(folder, run(out));
        assertThat(after.code()).as(after.err()).isZero();
        List<JsonNode> steps = steps(out);
        assertThat(steps).hasSize(TASKS);
        assertThat(steps.subList(0, before.size())).isEqualTo(before);
        for (int i = 0; i < TASKS; i++) {
            assertThat(steps.get(i).path("step").asInt()).isEqualTo(i);
            assertThat(steps.get(i).path("task").asString()).isEqualTo("t" + i);
        }
        JsonNode summary = after.json();
        assertThat(summary.path("memories").asInt())
                .isEqualTo(summary.path("added").asInt())
                .isPositive();
        assertSound(out, summary.path("memories").asInt());
    }

    /// Without a last line that was cut off.
    private List<JsonNode> wholeSteps(String out) throws IOException {
        String text = Files.readString(folder.resolve(out).resolve("events.jsonl"));
        List<JsonNode> steps = new ArrayList<>();
        text.substring(0, text.lastIndexOf('\n') + 1)
                .lines()
                .forEach(line -> steps.add(JsonMapper.shared().readTree(line)));
        return steps;
    }

    private void assertSound(String out, int entries) {
        Launched.Result verified = Launched.run(folder, "bank", "verify", out + "/bank", "--json");
        assertThat(verified.code()).as(verified.toString()).isZero();
        assertThat(verified.json().path("entries").asInt()).isEqualTo(entries);
    }

    @Test
    void aKilledRunGoesOnAndNobodyElseGetsAtItsBankBefore() throws IOException {
        Launched killed = Launched.start(folder, run("killed"));
        killed.awaitLines(folder.resolve("killed/events.jsonl"), 1);
        Launched.Result second = Launched.run(folder, run("other", "--bank", "killed/bank"));
        assertThat(second.code()).as(second.err()).isEqualTo(6);
        assertThat(second.err()).contains(Long.toString(killed.pid()));
        killed.signal("KILL");
        assertThat(killed.await().code()).isEqualTo(137);
        goesOn("killed");
    }

    @Test
    void anInterruptedRunEndsAfterItsStepAndGoesOn() throws IOException {
        Launched stopped = Launched.start(folder, run("stopped"));
        stopped.awaitLines(folder.resolve("stopped/events.jsonl"), 1);
        stopped.signal("INT");
        Launched.Result interrupted = stopped.await();
        assertThat(interrupted.code()).as(interrupted.err()).isEqualTo(130);
        assertThat(interrupted.err()).contains("stopped");
        assertThat(steps("stopped")).hasSizeLessThan(TASKS);
        goesOn("stopped");
    }

    @Test
    void aFullDiskStopsARunAndLosesNothing() throws IOException {
        // No file may grow beyond 6 KB: the disk is full, as far as the program can tell.
        Launched.Result full =
                Launched.start(folder, "ulimit -f 6; ", run("full")).await();
        assertThat(full.code()).as(full.err()).isEqualTo(8);
        assertThat(full.err().strip().lines().toList().getLast())
                .startsWith("umem: ")
                .doesNotContain("Exception");
        goesOn("full");
    }

    @Test
    void theParquetFormOfThePublishedCodeIsRead() throws IOException {
        Files.copy(
                Path.of("../engine/src/test/resources/umem/engine/task/published.parquet"),
                folder.resolve("tasks.parquet"));
        List<String> words = new ArrayList<>(List.of(run("parquet", "--limit", "2")));
        words.set(words.indexOf("tasks.jsonl"), "tasks.parquet");
        Launched.Result result = Launched.run(folder, words.toArray(String[]::new));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.json().path("tasks").asInt()).isEqualTo(2);
        assertThat(result.err()).doesNotContain("INFO");
    }

    @Test
    void badInputIsOneClearLineAndAnExitCode() throws IOException {
        Files.writeString(folder.resolve("broken.jsonl"), Files.readString(folder.resolve("tasks.jsonl")) + "{\"id\":");
        refused(3, "broken.jsonl", "--tasks", "broken.jsonl");
        refused(3, "absent.jsonl", "--tasks", "absent.jsonl");
        refused(4, "no-such-model", "--executor", "no-such-model");
        Files.writeString(folder.resolve("garbage.gguf"), "this is no model, ".repeat(100));
        refused(4, "garbage.gguf", "--executor", "garbage.gguf");
        try (RandomAccessFile file =
                new RandomAccessFile(folder.resolve("empty.gguf").toFile(), "rw")) {
            file.setLength(0);
        }
        refused(4, "empty.gguf", "--optimizer", "empty.gguf");
        // Some 90 GiB of keys and values.
        if (Files.readString(Path.of("/proc/meminfo")).matches("(?s)MemTotal: +\\d{1,8} kB.*")) {
            refused(4, "not enough memory", "--context", "4194304");
        }
        refused(2, "--epochs", "--epochs", "0");
        refused(2, "--top-k", "--top-k", "-1");
        refused(2, "nonsense", "--nonsense");
        refused(3, "prompts", "--prompts", "no-such-folder");
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        refused(7, "127.0.0.1:" + free, "--executor", "http://127.0.0.1:" + free + "#model");
    }

    private void refused(int code, String named, String... more) {
        List<String> words = new ArrayList<>(List.of("run", "--out", "refused", "--optimizer", MODEL, "--cpu"));
        if (!List.of(more).contains("--tasks")) {
            words.addAll(List.of("--tasks", "tasks.jsonl"));
        }
        if (!List.of(more).contains("--executor")) {
            words.addAll(List.of("--executor", MODEL));
        }
        if (List.of(more).contains("--optimizer")) {
            words.remove("--optimizer");
            words.remove(MODEL);
        }
        words.addAll(List.of(more));
        Launched.Result result = Launched.run(folder, words.toArray(String[]::new));
        assertThat(result.code()).as("%s: %s", words, result.err()).isEqualTo(code);
        assertThat(result.out()).isEmpty();
        String last = result.err().strip().lines().toList().getLast();
        assertThat(last).startsWith("umem: ").contains(named).doesNotContain("Exception");
    }
}
