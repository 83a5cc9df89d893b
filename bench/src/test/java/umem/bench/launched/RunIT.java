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
        words.addAll(List.of("--sequences", "1", "--cpu"));
        words.addAll(List.of(more));
        return words.toArray(String[]::new);
    }

    /// What a run did, without times and without what an interruption may change: whether an execution was known.
    private List<JsonNode> essence(String out) throws IOException {
        List<JsonNode> steps = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve(out).resolve("events.jsonl"))) {
            ObjectNode step = (ObjectNode) JsonMapper.shared().readTree(line);
            step.remove(List.of("seconds", "bankSequence"));
            ((ObjectNode) step.path("attempt")).remove("cached");
            steps.add(step);
        }
        return steps;
    }

    private void assertSound(String out, int entries) {
        Launched.Result verified = Launched.run(folder, "bank", "verify", out + "/bank", "--json");
        assertThat(verified.code()).as(verified.toString()).isZero();
        assertThat(verified.json().path("entries").asInt()).isEqualTo(entries);
    }

    @Test
    void aRunThatIsKilledOrInterruptedOrOutOfDiskGoesOnAsIfNothingHadHappened() throws IOException {
        Launched.Result whole = Launched.run(folder, run("whole"));
        assertThat(whole.code()).as(whole.err()).isZero();
        int memories = whole.json().path("memories").asInt();
        assertThat(memories).isPositive();
        assertThat(essence("whole")).hasSize(TASKS);

        Launched killed = Launched.start(folder, run("killed"));
        killed.awaitLines(folder.resolve("killed/events.jsonl"), 2);
        // While it runs nobody else gets at its bank.
        Launched.Result second = Launched.run(folder, run("other", "--bank", "killed/bank"));
        assertThat(second.code()).as(second.err()).isEqualTo(6);
        assertThat(second.err()).contains(Long.toString(killed.pid()));
        killed.signal("KILL");
        assertThat(killed.await().code()).isEqualTo(137);
        Launched.Result after = Launched.run(folder, run("killed"));
        assertThat(after.code()).as(after.err()).isZero();
        assertThat(essence("killed")).isEqualTo(essence("whole"));
        assertSound("killed", memories);

        Launched stopped = Launched.start(folder, run("stopped"));
        stopped.awaitLines(folder.resolve("stopped/events.jsonl"), 1);
        stopped.signal("INT");
        Launched.Result interrupted = stopped.await();
        assertThat(interrupted.code()).as(interrupted.err()).isEqualTo(130);
        assertThat(interrupted.err()).contains("stopped");
        assertThat(essence("stopped")).hasSizeLessThan(TASKS);
        assertSound("stopped", bankSize("stopped"));
        assertThat(Launched.run(folder, run("stopped")).code()).isZero();
        assertThat(essence("stopped")).isEqualTo(essence("whole"));

        // No file may grow beyond 4 KB: the disk is full, as far as the program can tell.
        Launched.Result full =
                Launched.start(folder, "ulimit -f 4; ", run("full")).await();
        assertThat(full.code()).as(full.err()).isEqualTo(8);
        assertThat(full.err().strip().lines().toList().getLast())
                .startsWith("umem: ")
                .contains("cannot be written");
        Launched.Result room = Launched.run(folder, run("full"));
        assertThat(room.code()).as(room.err()).isZero();
        assertThat(essence("full")).isEqualTo(essence("whole"));
        assertSound("full", memories);
    }

    private int bankSize(String out) throws IOException {
        return essence(out).getLast().path("bankSize").asInt();
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
