package umem.engine.neighborhood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import umem.error.ErrorKind;
import umem.error.UmemException;

class NeighborhoodsTest {
    private static final Neighborhoods SMALL = new Neighborhoods(ordered(
            Map.entry("a", List.of(new Neighbor("b", 0.9f), new Neighbor("c", 0.1f))),
            Map.entry("b", List.of(new Neighbor("a", 0.9f))),
            Map.entry("c", List.of(new Neighbor("a", 0.1f), new Neighbor("b", -1))),
            Map.entry("d \"\u00E9\n\uD83D\uDE42", List.of())));

    @TempDir
    private Path folder;

    @SafeVarargs
    private static Map<String, List<Neighbor>> ordered(Map.Entry<String, List<Neighbor>>... entries) {
        Map<String, List<Neighbor>> map = new LinkedHashMap<>();
        for (Map.Entry<String, List<Neighbor>> entry : entries) {
            map.put(entry.getKey(), entry.getValue());
        }
        return map;
    }

    @Test
    void comeBackFromAFileAsTheyWere() throws IOException {
        Path file = folder.resolve("neighbors.jsonl");
        Files.writeString(file, "an older file");
        SMALL.write(file);
        assertThat(Neighborhoods.read(file)).isEqualTo(SMALL);
        assertThat(Neighborhoods.read(file).taskIds()).isEqualTo(SMALL.taskIds());
        assertThat(Files.readAllLines(file).getFirst())
                .isEqualTo("{\"id\":\"a\",\"neighbors\":[{\"id\":\"b\",\"similarity\":0.9},"
                        + "{\"id\":\"c\",\"similarity\":0.1}]}");
        try (var files = Files.list(folder)) {
            assertThat(files).as("no half-written file is left").containsExactly(file);
        }
        assertThatThrownBy(() -> SMALL.write(folder.resolve("none").resolve("x")))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.STORAGE));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            []                                                               | :1: not a JSON object
            {"id":"a"                                                        | :1: not valid JSON
            {"id":"a","neighbors":[]} x                                      | :1: not valid JSON
            {"id":"a","id":"b","neighbors":[]}                               | :1: not valid JSON
            {"neighbors":[]}                                                 | :1: "id" is missing, blank or not a text
            {"id":" ","neighbors":[]}                                        | :1: "id" is missing, blank or not a text
            {"id":"a"}                                                       | :1: "neighbors" is missing or not a list
            {"id":"a","neighbors":["b"]}                                     | :1: neighbour 0 is not a JSON object
            {"id":"a","neighbors":[{"id":7}]}                                | :1: "id" is missing, blank or not a text
            {"id":"a","neighbors":[{"id":"b","similarity":"high"}]}          | :1: "similarity" is not a number from -1 to 1
            {"id":"a","neighbors":[{"id":"b","similarity":1.5}]}             | :1: "similarity" is not a number from -1 to 1
            {"id":"a","neighbors":[{"id":"a"}]}                              | :1: task "a" is its own neighbour
            {"id":"a","neighbors":[{"id":"b"},{"id":"b"}]}                   | :1: task "a" has the neighbour "b" twice
            {"id":"a","neighbors":[]}~{"id":"a","neighbors":[]}              | :2: the id "a" occurs a second time
            ~                                                                | holds no neighbourhoods
            """)
    void saysWhichLineIsWrong(String content, String reason) throws IOException {
        Path file = folder.resolve("bad.jsonl");
        Files.writeString(file, content.replace('~', '\n'));
        assertRefused(file, reason);
    }

    @Test
    void refusesFilesThatAreNoText() throws IOException {
        assertRefused(folder.resolve("none"), "does not exist");
        assertRefused(folder, "is not a file");
        Path file = folder.resolve("latin1.jsonl");
        Files.write(file, "{\"id\":\"\u00E9\",\"neighbors\":[]}".getBytes(StandardCharsets.ISO_8859_1));
        assertRefused(file, "not valid UTF-8");
    }

    private static void assertRefused(Path file, String reason) {
        assertThatThrownBy(() -> Neighborhoods.read(file))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                .hasMessageContaining(file.toString())
                .hasMessageContaining(reason);
    }

    @Test
    void namesTasksThatAreNotThere() {
        SMALL.requireFor(SMALL.taskIds());
        assertThatThrownBy(() -> SMALL.requireFor(List.of("a", "b", "x")))
                .hasMessageContaining("task \"x\" has no neighbourhood");
        assertThatThrownBy(() -> SMALL.requireFor(List.of("a", "b")))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                .hasMessageContaining("task \"a\" has a neighbour \"c\" that is not among the tasks");
        assertThatThrownBy(() -> SMALL.of("x")).hasMessageContaining("task \"x\" has no neighbourhood");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Neighborhoods(Map.of("a", List.of(new Neighbor("a", 1)))));
    }

    @Test
    void statisticsAreThoseOfTheGraph() {
        NeighborhoodStatistics statistics = NeighborhoodStatistics.of(SMALL);
        assertThat(statistics.tasks()).isEqualTo(4);
        assertThat(statistics.pairs()).isEqualTo(5);
        assertThat(statistics.degrees()).containsExactly(1L, 1L, 2L);
        assertThat(statistics.largestInDegree()).isEqualTo(2);
        assertThat(statistics.neverChosen()).isEqualTo(1);
        // a-b both ways, a-c both ways; c-b only one.
        assertThat(statistics.reciprocity()).isEqualTo(0.8);
        assertThat(statistics.meanSimilarity()).isEqualTo((0.9 + 0.1 + 0.9 + 0.1 - 1) / 5, within(1e-7));
        assertThat(statistics.histogram().get(0)).isEqualTo(1);
        // 0.1f lies above 0.1, 0.9f below 0.9.
        assertThat(statistics.histogram().get(22)).isEqualTo(2);
        assertThat(statistics.histogram().get(37)).isEqualTo(2);
        assertThat(statistics.histogram().stream().mapToLong(Long::longValue).sum())
                .isEqualTo(5);

        NeighborhoodStatistics unknown = NeighborhoodStatistics.of(
                new Neighborhoods(Map.of("a", List.of(new Neighbor("z", Float.NaN)), "b", List.of())));
        assertThat(unknown.meanSimilarity()).isNaN();
        assertThat(unknown.reciprocity()).isZero();
        assertThat(unknown.neverChosen()).isEqualTo(2);
    }
}
