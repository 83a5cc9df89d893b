package umem.bench.launched;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// The main job with the real default models, short.
class DemoIT {
    private static final List<String> CONTRACT = List.of(
            "tasks",
            "accuracy_no_memory",
            "accuracy_with_memory",
            "ci95",
            "memories",
            "added",
            "updated",
            "malformed",
            "executor_calls",
            "executor_calls_saved",
            "tokens_generated",
            "seconds",
            "bank",
            "run",
            "report",
            "executor",
            "optimizer",
            "encoder");

    @TempDir
    Path folder;

    @Test
    void aMemoryEvolvesOnTheDefaultModels() throws IOException {
        Launched.Result result = Launched.run(folder, "demo", "--tasks", "6", "--out", "run", "--json", "--no-cache");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out().strip().lines()).hasSize(1);
        JsonNode json = result.json();
        assertThat(json.propertyNames()).containsAll(CONTRACT);
        assertThat(json.path("tasks").asInt()).isEqualTo(6);
        assertThat(json.path("executor").asString()).contains("1.5b");
        assertThat(json.path("optimizer").asString()).contains("0.5b");
        assertThat(json.path("ci95")).hasSize(2);
        assertThat(json.path("boxed").asDouble()).isGreaterThan(0.8);
        int actions = json.path("added").asInt()
                + json.path("updated").asInt()
                + json.path("malformed").asInt();
        assertThat(actions).isEqualTo(6);
        assertThat(json.path("memories").asInt())
                .isEqualTo(json.path("added").asInt())
                .isPositive();
        // The first task of the stream has no memories: its execution is that of the empty bank.
        assertThat(json.path("executor_calls").asInt()
                        + json.path("executor_calls_saved").asInt())
                .isEqualTo(12);
        assertThat(json.path("executor_calls_saved").asInt()).isPositive();
        assertThat(json.path("tokens_generated").asInt()).isGreaterThan(100);

        String report = Files.readString(Path.of(json.path("report").asString()));
        assertThat(report)
                .contains("<svg", "Cumulative accuracy", "The bank", "desk-test-1-1")
                .doesNotContain("{{");
        assertThat(report).as("needs nothing else").doesNotContain("src=\"http", "href=\"http");
        assertThat(folder.resolve("run/events.jsonl")).exists();
        assertThat(folder.resolve("run/metrics.jsonl")).exists();

        Launched.Result verified =
                Launched.run(folder, "bank", "verify", json.path("bank").asString(), "--json");
        assertThat(verified.code()).isZero();
        assertThat(verified.json().path("ok").asBoolean()).isTrue();
        assertThat(verified.json().path("entries").asInt())
                .isEqualTo(json.path("memories").asInt());

        Launched.Result again = Launched.run(folder, "demo", "--tasks", "6", "--out", "run", "--json", "--offline");
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(again.json()).isEqualTo(json);
    }
}
