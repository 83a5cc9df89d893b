package umem.bench.launched;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// `umem run --select best-of G` as a process, with a small model: recorded, and repeated without any.
class SelectIT {
    private static final String MODEL = "smollm2-135m-instruct";
    private static final int TASKS = 4;

    @TempDir
    Path folder;

    private String[] run(String out, String... more) throws IOException {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < TASKS; i++) {
            ObjectNode line = JsonMapper.shared().createObjectNode();
            line.put("id", "t" + i);
            line.put("question", "Which colour has lamp number " + (100 + 7 * i) + " in hall " + i + "?");
            line.put("answer", i % 2 == 0 ? "red" : "green");
            lines.add(line.toString());
        }
        Files.write(folder.resolve("tasks.jsonl"), lines);
        List<String> words = new ArrayList<>(List.of(
                "run", "--tasks", "tasks.jsonl", "--out", out, "--json", "--executor", MODEL, "--optimizer", MODEL));
        words.addAll(List.of("--grammar", "--max-tokens", "16", "--lesson-tokens", "120", "--threads", "1", "--cpu"));
        words.addAll(List.of(more));
        return words.toArray(String[]::new);
    }

    private List<JsonNode> events(String out) throws IOException {
        List<JsonNode> events = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve(out).resolve("events.jsonl"))) {
            ObjectNode event = (ObjectNode) JsonMapper.shared().readTree(line);
            event.remove("seconds");
            events.add(event);
        }
        return events;
    }

    @Test
    void aRecordedRunIsRepeatedWithoutAModel() throws IOException {
        Launched.Result recorded =
                Launched.run(folder, run("made", "--select", "best-of", "2", "--neighbors", "2", "--record", "tape"));
        assertThat(recorded.code()).as(recorded.err()).isZero();
        JsonNode summary = recorded.json();
        JsonNode saved = summary.path("saved");
        assertThat(summary.path("executor_calls").asLong()
                        + saved.path("cache").asLong()
                        + saved.path("unchanged_retrieval").asLong()
                        + saved.path("duplicate_candidate").asLong())
                .isEqualTo(summary.path("executor_calls_needed").asLong());
        // The task, two neighbours, and each again for two outputs.
        assertThat(summary.path("calls_per_query").asDouble()).isPositive().isLessThanOrEqualTo(1 + 2 + 2 * 2);
        assertThat(summary.propertyNames()).contains("dropped_neighbours", "self_judged", "leak_rate", "quarantined");
        assertThat(events("made"))
                .hasSize(TASKS)
                .allSatisfy(event ->
                        assertThat(event.path("group").path("candidates")).hasSize(2));

        Launched.Result repeated =
                Launched.run(folder, run("again", "--select", "best-of", "2", "--neighbors", "2", "--replay", "tape"));
        assertThat(repeated.code()).as(repeated.err()).isZero();
        assertThat(events("again")).isEqualTo(events("made"));
        for (String number : List.of("executor_calls", "calls_per_query", "accuracy_with_memory", "memories")) {
            assertThat(repeated.json().path(number)).as(number).isEqualTo(summary.path(number));
        }

        Launched.Result other = Launched.run(folder, run("other", "--select", "best-of", "3", "--replay", "tape"));
        assertThat(other.code()).isEqualTo(3);
        assertThat(other.err()).contains("does not hold the answer");
    }

    @Test
    void whatCannotBeChosenIsAUsageError() throws IOException {
        for (String[] wrong : List.of(
                new String[] {"--select", "best-of"},
                new String[] {"--select", "best-of", "0"},
                new String[] {"--select", "worst"},
                new String[] {"--neighbors", "0"},
                new String[] {"--index", "hnsw"},
                new String[] {"--record", "a", "--replay", "b"})) {
            Launched.Result refused = Launched.run(folder, run("none", wrong));
            assertThat(refused.code())
                    .as(String.join(" ", wrong) + refused.err())
                    .isEqualTo(2);
            assertThat(folder.resolve("none")).doesNotExist();
        }
        Launched.Result missing = Launched.run(folder, run("none", "--replay", "nowhere"));
        assertThat(missing.code()).isEqualTo(3);
        assertThat(missing.err()).contains("--record nowhere");
    }
}
