package umem.engine.neighborhood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import umem.engine.task.Task;
import umem.engine.task.TaskKind;
import umem.engine.task.TaskReader;
import umem.error.ErrorKind;
import umem.error.UmemException;

class PublishedNeighborhoodsTest {
    private static final List<Task> TASKS = List.of(
            new Task(
                    "q1",
                    TaskKind.MULTIPLE_CHOICE,
                    "Which planet is nearest to the sun?",
                    List.of("Venus", "Mercury"),
                    null,
                    List.of("1"),
                    null,
                    Map.of("data_source", "mmlu")),
            new Task("q2", TaskKind.MATHS, "6 \u00D7 7?", List.of(), null, List.of("42"), null, Map.of()));

    /// The columns are those that the published code reads: `rl_dataset.py` and `extractor.py`.
    private static final String GOLDEN = """
            {"data_source":"mmlu","prompt":[{"role":"user","content":"Which planet is nearest to the sun?"}],\
            "reward_model":{"style":"rule","ground_truth":"1"},"extra_info":{"id":"q1",\
            "question":"Which planet is nearest to the sun?","choices":["Venus","Mercury"],"similar_ids":["q2"],\
            "similar_queries":["6 \u00D7 7?"],"similar_choices":[[]],"similar_gt":["42"]}}
            {"data_source":"umem","prompt":[{"role":"user","content":"6 \u00D7 7?"}],\
            "reward_model":{"style":"rule","ground_truth":"42"},"extra_info":{"id":"q2","question":"6 \u00D7 7?",\
            "choices":[],"similar_ids":["q1"],"similar_queries":["Which planet is nearest to the sun?"],\
            "similar_choices":[["Venus","Mercury"]],"similar_gt":["1"]}}
            """;

    @TempDir
    private Path folder;

    private static Neighborhoods neighborhoods(float similarity) {
        return new Neighborhoods(
                Map.of("q1", List.of(new Neighbor("q2", similarity)), "q2", List.of(new Neighbor("q1", similarity))));
    }

    @Test
    void writesThePublishedColumnsAndReadsThemBack() throws IOException {
        Path file = folder.resolve("published.jsonl");
        PublishedNeighborhoods.write(TASKS, neighborhoods(0.7f), file);
        assertThat(Files.readString(file)).isEqualTo(GOLDEN);

        PublishedNeighborhoods read = PublishedNeighborhoods.read(file);
        assertThat(read.tasks().getFirst()).isEqualTo(TASKS.getFirst());
        assertThat(read.tasks()).extracting(Task::answers).containsExactly(List.of("1"), List.of("42"));
        assertThat(read.neighborhoods()).isEqualTo(neighborhoods(Float.NaN));
        assertThat(read.others()).isEmpty();
        assertThat(read.leftOut()).isZero();
        assertThat(TaskReader.read(file)).isEqualTo(read.tasks());
    }

    /// The files were written by `published.py`, without ids, as the published data are.
    @ParameterizedTest
    @CsvSource({"published.parquet", "uncompressed.parquet"})
    void readsThePublishedParquet(String name) throws IOException {
        Path file = folder.resolve(name);
        try (InputStream stream = TaskReader.class.getResourceAsStream(name)) {
            Files.write(file, stream.readAllBytes());
        }
        PublishedNeighborhoods read = PublishedNeighborhoods.read(file);
        assertThat(read.tasks()).isEqualTo(TaskReader.read(file));
        // All four rows have the same neighbour, which is no row: one task, with one id.
        assertThat(read.others()).hasSize(1);
        Task gas = read.others().getFirst();
        assertThat(gas.question()).isEqualTo("Which gas do plants take in?");
        assertThat(gas.choices()).containsExactly("oxygen", "carbon dioxide");
        assertThat(gas.answers()).containsExactly("1");
        for (Task task : read.tasks()) {
            assertThat(read.neighborhoods().of(task.id()))
                    .extracting(Neighbor::id)
                    .containsExactly(gas.id());
        }
    }

    /// Neighbours without ids are found by their text; one that is the task itself is left out, and counted.
    @Test
    void findsNeighboursByTheirText() throws IOException {
        String withoutIds =
                GOLDEN.replaceAll("\"(similar_ids\":\\[\"q.\"\\],\")", "\"").replaceAll("\"id\":\"q.\",", "");
        assertThat(withoutIds).doesNotContain("q1", "q2");
        Path file = folder.resolve("without.jsonl");
        Files.writeString(
                file,
                withoutIds.replace(
                        "\"similar_queries\":[\"6 \u00D7 7?\"],\"similar_choices\":[[]],\"similar_gt\":[\"42\"]",
                        "\"similar_queries\":[\"6 \u00D7 7?\",\"6 \u00D7 7?\",\"Which planet is nearest to the sun?\"],"
                                + "\"similar_choices\":[[],[],[\"Venus\",\"Mercury\"]],"
                                + "\"similar_gt\":[\"42\",\"42\",\"1\"]"));
        PublishedNeighborhoods read = PublishedNeighborhoods.read(file);
        assertThat(read.tasks()).extracting(Task::id).containsExactly("mmlu-0", "umem-1");
        assertThat(read.neighborhoods().of("mmlu-0")).extracting(Neighbor::id).containsExactly("umem-1");
        assertThat(read.neighborhoods().of("umem-1")).extracting(Neighbor::id).containsExactly("mmlu-0");
        assertThat(read.others()).isEmpty();
        assertThat(read.leftOut()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            "similar_gt":["42"]  | "similar_gt":[]      | :1: the similar_* columns are of different lengths: 1 queries, 1 choices, 0 ground truths, 1 ids
            "similar_gt":["42"]  | "similar_gt":[null]  | :1: extra_info.similar_gt holds something that is not a text
            "similar_gt":["42"]  | "similar_gt":"42"    | :1: extra_info.similar_gt is not a list
            [[]]                 | [7]                  | :1: extra_info.similar_choices is not a list
            "ground_truth":"42"  | "truth":"42"         | :2: reward_model.ground_truth is missing
            "extra_info"         | "info"               | :1: not a row of the published form
            "id":"q2"            | "id":"q1"            | :2: the id "q1" occurs a second time
            """)
    void saysWhatIsWrongWithARow(String before, String after, String reason) throws IOException {
        Path file = folder.resolve("bad.jsonl");
        Files.writeString(file, GOLDEN.replace(before, after));
        assertThatThrownBy(() -> PublishedNeighborhoods.read(file))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                .hasMessageContaining(file + reason);
    }

    @Test
    void refusesWhatTheFormHasNoPlaceFor() {
        Path file = folder.resolve("none.jsonl");
        Task question = new Task(
                "q3", TaskKind.QUESTION_ANSWERING, "Who?", List.of(), "A text.", List.of("he"), null, Map.of());
        assertThatThrownBy(() -> PublishedNeighborhoods.write(
                        List.of(question), new Neighborhoods(Map.of("q3", List.of())), file))
                .hasMessageContaining("task \"q3\" does not fit the published form");
        assertThatThrownBy(() -> PublishedNeighborhoods.write(TASKS.subList(0, 1), neighborhoods(1), file))
                .hasMessageContaining("task \"q1\" has a neighbour \"q2\" that is not among the tasks");
        assertThat(file).doesNotExist();
    }
}
