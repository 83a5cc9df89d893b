package umem.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import umem.cli.terminal.Json;

class NeighborsTest {
    private static final List<String> TASKS = List.of(
            "{\"id\":\"cat\",\"question\":\"What does a cat eat?\",\"choices\":[\"mice\",\"hay\"],\"answer\":0}",
            "{\"id\":\"kitten\",\"question\":\"What does a kitten like to eat?\",\"choices\":[\"mice\",\"hay\"],\"answer\":0}",
            "{\"id\":\"cat-again\",\"question\":\"what does a cat eat\",\"choices\":[\"hay\",\"mice\"],\"answer\":1}",
            "{\"id\":\"tax\",\"question\":\"Which tax does a company pay on profit?\",\"choices\":[\"a\",\"b\"],\"answer\":1}",
            "{\"id\":\"duty\",\"question\":\"Which tax is due on imports?\",\"choices\":[\"a\",\"b\"],\"answer\":1}");

    @TempDir
    private Path folder;

    private String tasks = "";
    private String out = "";

    @BeforeEach
    void write() throws IOException {
        tasks = Files.write(folder.resolve("tasks.jsonl"), TASKS).toString();
        out = folder.resolve("neighbors.jsonl").toString();
    }

    private static Session build(String... args) {
        List<String> all = new ArrayList<>(List.of("neighbors", "build", "--offline", "--cpu", "--threads", "1"));
        all.addAll(List.of(args));
        return Session.run(all.toArray(String[]::new));
    }

    private List<JsonNode> written() throws IOException {
        return Files.readAllLines(Path.of(out)).stream()
                .map(line -> (JsonNode) Json.mapper().readTree(line))
                .toList();
    }

    @Test
    void findsTheNeighboursOfATinyFile() throws IOException {
        Session session = build("--tasks", tasks, "--out", out, "--n", "2", "--check", "--json");
        assertThat(session.err()).isEmpty();
        assertThat(session.code()).isZero();
        JsonNode summary = session.json();
        assertThat(summary.path("tasks").asInt()).isEqualTo(5);
        assertThat(summary.path("candidates").asInt()).isEqualTo(4);
        assertThat(summary.path("neighbors").asInt()).isEqualTo(10);
        assertThat(summary.path("excluded_duplicates").asInt()).isEqualTo(2);
        assertThat(summary.path("excluded").path("normalized_text").asInt()).isEqualTo(2);
        assertThat(summary.path("seconds").asDouble()).isPositive();
        assertThat(summary.path("lemma_max_violation").isNumber()).isTrue();
        assertThat(summary.path("lemma_max_violation").asDouble()).isBetween(0.0, 1e-6);
        assertThat(summary.path("topk_overlap").asDouble()).isBetween(0.0, 1.0);
        assertThat(summary.path("degrees")).hasSize(3);

        assertThat(written()).hasSize(5);
        assertThat(written().get(0).path("neighbors").path(0).path("id").asString())
                .isEqualTo("kitten");
        assertThat(written().get(2).path("neighbors").path(0).path("id").asString())
                .isEqualTo("kitten");
        assertThat(written().get(3).path("neighbors").path(0).path("id").asString())
                .isEqualTo("duty");

        Session shown = Session.run("neighbors", "show", "--neighborhoods", out, "--task", "duty");
        assertThat(shown.code()).isZero();
        assertThat(shown.out().lines()).hasSize(2).first().asString().matches("0\\.\\d{4}  tax|\\s*0\\.\\d{4}  tax");
        JsonNode json = Session.run("neighbors", "show", "--neighborhoods", out, "--task", "duty", "--json")
                .json();
        assertThat(json).isEqualTo(written().get(4));

        Session text =
                build("--tasks", tasks, "--out", out, "--min-similarity", "0.9999", "--max-similarity", "1", "--check");
        assertThat(text.code()).isZero();
        assertThat(text.out())
                .contains("5 tasks, 0 neighbours", "same text normalised 2", "with 0 neighbours: 5 tasks", "Lemma 3.1");
    }

    @Test
    void takesVectorsFromAFile() throws IOException {
        Path vectors = vectors(folder.resolve("rows.f32"), 1, 0, 0.6f, 0.8f, 1, 0, 0, 1, -0.6f, 0.8f);
        Session session = build("--tasks", tasks, "--vectors", vectors.toString(), "--out", out, "--json");
        assertThat(session.err()).isEmpty();
        assertThat(session.json().path("lemma_max_violation").isNull()).isTrue();
        assertThat(session.json().path("topk_overlap").isNull()).isTrue();
        JsonNode cat = written().getFirst();
        assertThat(cat.path("neighbors").findValuesAsString("id")).containsExactly("kitten", "tax", "duty");
        assertThat(cat.path("neighbors").path(2).path("similarity").asDouble()).isEqualTo(-0.6, within(1e-6));

        assertFails(
                build("--tasks", tasks, "--vectors", vectors(vectors, 1, 0).toString(), "--out", out), 3, "8 bytes");
        vectors(vectors, 1, 0, 0, 0, 1, 0, 0, 1, 0, 1);
        assertFails(build("--tasks", tasks, "--vectors", vectors.toString(), "--out", out), 3, "row 1", "is zero");
        vectors(vectors, 1, 0, 0, 1, 1, 0, Float.NaN, 1, 0, 1);
        assertFails(build("--tasks", tasks, "--vectors", vectors.toString(), "--out", out), 3, "row 3", "NaN");
        assertThat(written()).as("the older file is as it was").hasSize(5);
    }

    @Test
    void writesThePublishedFormWhichIsATasksFileToo() throws IOException {
        String published = folder.resolve("published.jsonl").toString();
        String vectors = vectors(folder.resolve("rows.f32"), 1, 0, 0.6f, 0.8f, 1, 0, 0, 1, -0.6f, 0.8f)
                .toString();
        Session session =
                build("--tasks", tasks, "--vectors", vectors, "--n", "1", "--out", published, "--format", "published");
        assertThat(session.code()).isZero();
        JsonNode extra = Json.mapper()
                .readTree(Files.readAllLines(Path.of(published)).getFirst())
                .path("extra_info");
        assertThat(extra.path("similar_queries").path(0).asString()).isEqualTo("What does a kitten like to eat?");
        assertThat(extra.path("similar_choices").path(0).path(1).asString()).isEqualTo("hay");
        assertThat(extra.path("similar_gt").path(0).asString()).isEqualTo("0");
        assertThat(build("--tasks", published, "--vectors", vectors, "--out", out)
                        .code())
                .isZero();
        assertThat(written()).extracting(line -> line.path("id").asString()).contains("cat-again");

        Path open = Files.writeString(folder.resolve("open.jsonl"), "{\"question\":\"Who?\",\"answer\":\"he\"}");
        assertFails(
                build("--tasks", open.toString(), "--out", published, "--format", "published"),
                3,
                "does not fit the published form");
    }

    @Test
    void misuseAndBadInputAreOneLineEach() throws IOException {
        assertFails(build("--tasks", tasks), 2, "--out");
        assertFails(build("--tasks", tasks, "--out", out, "--n", "0"), 2, "n 0 is not in 1 to 1000");
        assertFails(
                Session.run("neighbors", "build", "--tasks", tasks, "--out", out, "--threads", "0"), 2, "--threads 0");
        assertFails(build("--tasks", tasks, "--out", out, "--max-similarity", "1.5"), 2, "no band within -1 to 1");
        assertFails(build("--tasks", tasks, "--out", out, "--min-similarity", "0.99"), 2, "no band within -1 to 1");
        assertFails(build("--tasks", tasks, "--out", out, "--format", "xml"), 2, "--format");
        assertFails(build("--tasks", tasks, "--out", out, "--vectors", "x", "--encoder", "y"), 2, "either --encoder");
        assertFails(build("--tasks", tasks, "--out", folder.toString()), 2, "is a folder");
        assertFails(build("--tasks", tasks, "--out", tasks), 2, "is one of the files to read");
        assertFails(build("--tasks", tasks, "--out", folder + "/none/x"), 8, "there is no folder");
        assertFails(build("--tasks", folder + "/none", "--out", out), 3, "does not exist");
        assertFails(build("--tasks", tasks, "--out", out, "--encoder", "no-such"), 4, "no encoder \"no-such\"");
        assertFails(Session.run("neighbors"), 2, "");
        assertFails(Session.run("neighbors", "show", "--neighborhoods", out, "--task", "a"), 3, "does not exist");
        Files.writeString(Path.of(out), "{\"id\":\"a\",\"neighbors\":[]}\n");
        assertFails(Session.run("neighbors", "show", "--neighborhoods", out, "--task", "b"), 3, "has no task \"b\"");
        assertThat(Session.run("neighbors", "show", "--neighborhoods", out, "--task", "a")
                        .out())
                .isEqualToIgnoringNewLines("no neighbours");
    }

    private static Path vectors(Path file, float... values) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.nativeOrder());
        bytes.asFloatBuffer().put(values);
        return Files.write(file, bytes.array());
    }

    private static void assertFails(Session session, int code, String... words) {
        assertThat(session.err().strip())
                .startsWith("umem: ")
                .doesNotContain("\n")
                .contains(words);
        assertThat(session.out()).isEmpty();
        assertThat(session.code()).isEqualTo(code);
    }
}
