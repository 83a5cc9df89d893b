package umem.bench.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import umem.bench.peer.SearchEngine;
import umem.bench.search.TestPeers.BruteForce;
import umem.cli.terminal.Terminal;
import umem.engine.embedding.Encoder;
import umem.error.UmemException;
import umem.provision.FileWriter;

class SearchBenchCommandTest {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<String> embedded = new ArrayList<>();

    @Test
    void printsTheContractedObjects() {
        assertThat(run(List.of(new BruteForce("honest")), "--rows", "300", "--dim", "20", "--rounds", "2", "--json"))
                .as(err())
                .isZero();
        List<JsonNode> results = results();
        assertThat(results)
                .extracting(result -> result.get("case").asString())
                .startsWith("single-f32")
                .contains("batch-8", "batch-64", "batch-512", "add", "update", "update-bytes", "remove")
                .doesNotHaveDuplicates();
        assertThat(results).allSatisfy(result -> {
            assertThat(result.propertyNames())
                    .containsExactly(
                            "case", "engine", "value", "unit", "peers", "limit_ratio", "recall", "spread", "checked");
            assertThat(result.get("checked").asBoolean()).isTrue();
            assertThat(result.get("spread").isNumber()).isTrue();
            assertThat(result.get("value").asDouble()).isNotNegative();
        });
        JsonNode single = results.getFirst();
        assertThat(single.get("unit").asString()).isEqualTo("us/query");
        assertThat(single.get("value").asDouble()).isPositive();
        assertThat(single.get("limit_ratio").asDouble()).isPositive();
        assertThat(single.get("recall").asDouble()).isEqualTo(1);
        assertThat(single.get("peers").get("honest").asDouble()).isPositive();
    }

    @Test
    void peersThatAreAbsentCostALineAndNothingElse() {
        List<SearchEngine> none = List.of(new TestPeers.Absent("ill", "its library is missing"));
        assertThat(run(none, "--rows", "300", "--dim", "8", "--rounds", "1", "--cases", "single-f32", "--json"))
                .isZero();
        assertThat(results()).singleElement().satisfies(result -> {
            assertThat(result.get("peers")).isEmpty();
            assertThat(result.get("checked").asBoolean()).isTrue();
        });
        assertThat(err()).contains("absent: ill: its library is missing");
    }

    @Test
    void aPeerThatIsWrongIsFound() {
        List<SearchEngine> peers = List.of(new BruteForce("honest"), new TestPeers.Wrong("wrong"));
        assertThat(run(peers, "--rows", "300", "--dim", "8", "--rounds", "1", "--cases", "single-f32,add", "--json"))
                .isEqualTo(1);
        assertThat(results().get(0).get("checked").asBoolean()).isFalse();
        assertThat(results().get(1).get("checked").asBoolean()).isTrue();
        assertThat(err()).contains("wrong: wrong: recall 0.9").doesNotContain("wrong: honest");
    }

    @Test
    void keepsTheResultsWithTheMachine() throws IOException {
        Path file = folder.resolve("search.jsonl");
        List<SearchEngine> peers = List.of(new BruteForce("honest"));
        for (int i = 0; i < 2; i++) {
            run(
                    peers,
                    "--rows",
                    "300",
                    "--dim",
                    "8",
                    "--rounds",
                    "1",
                    "--cases",
                    "batch-8",
                    "--record",
                    file.toString());
        }
        List<JsonNode> lines = Files.readAllLines(file).stream()
                .map(JsonMapper.shared()::readTree)
                .toList();
        assertThat(lines).hasSize(2).allSatisfy(line -> {
            assertThat(line.path("measurement").asString()).isEqualTo("search");
            assertThat(line.path("machine").path("cpu").asString()).isNotEmpty();
            assertThat(line.path("machine").path("flags").isArray()).isTrue();
            assertThat(line.path("machine").path("libraries").path("honest").asString())
                    .isEqualTo("1");
            JsonNode details = line.path("result").path("details");
            assertThat(details.path("rows").asInt()).isEqualTo(300);
            assertThat(details.path("contenders").path("honest").path("us_min").asDouble())
                    .isPositive();
        });
        assertThat(lines.get(0).at("/result/details/checksum").asString())
                .as("the same data, the same answers")
                .isEqualTo(lines.get(1).at("/result/details/checksum").asString())
                .hasSizeGreaterThan(4);
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("us/query", "honest ");
    }

    @Test
    void searchesEmbeddingsOfRealTexts() throws IOException {
        Path file = folder.resolve("texts.jsonl");
        Files.write(
                file,
                IntStream.range(0, 120)
                        .mapToObj(i -> "{\"question\": \"What is " + i + " plus " + i * i + "?\"}")
                        .toList());
        assertThat(run(List.of(), "--real", file.toString(), "--rounds", "1", "--cases", "single-f32", "--json"))
                .as(err())
                .isZero();
        assertThat(embedded).hasSize(120);
        out.reset();
        assertThat(run(List.of(), "--real", file.toString(), "--rounds", "1", "--cases", "single-f32", "--json"))
                .isZero();
        assertThat(results())
                .singleElement()
                .satisfies(result -> assertThat(result.get("recall").asDouble()).isEqualTo(1));
        assertThat(embedded).as("embedded once").hasSize(120);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    --rows 5               | --rows 5 is not in 64 to 50000000
                    --dim 0                | --dim 0 is not in 1 to 65536
                    --k 0                  | --k 0 is not in 1 to 1000
                    --threads 0            | --threads 0 is not in 1 to 512
                    --rounds 0             | --rounds 0 is not in 1 to 1000
                    --cases single,nonsense| no case is called [single, nonsense]; there are [single-f32
                    --rows 50000000 --dim 65536| --rows 50000000 --dim 65536 needs 24414.3 GiB of memory
                    --real absent.txt      | no file absent.txt to take texts from
                    """)
    void refusesWhatItCannotMeasure(String arguments, String reason) {
        assertThat(run(List.of(), arguments.split(" "))).isNotZero();
        assertThat(err()).contains(reason);
        assertThat(out.size()).isZero();
    }

    /// Counts the letters of a text.
    private final class LetterCounts implements Encoder {
        @Override
        public String name() {
            return fingerprint();
        }

        @Override
        public String fingerprint() {
            return "letter counts";
        }

        @Override
        public int dimension() {
            return 128;
        }

        @Override
        public void encode(List<String> texts, MemorySegment rows) {
            embedded.addAll(texts);
            for (int i = 0; i < texts.size(); i++) {
                float[] row = new float[dimension()];
                texts.get(i).chars().forEach(c -> row[c % row.length]++);
                double length = Math.sqrt(IntStream.range(0, row.length)
                        .mapToDouble(j -> row[j] * row[j])
                        .sum());
                for (int j = 0; j < row.length; j++) {
                    rows.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * row.length + j, (float) (row[j] / length));
                }
            }
        }

        @Override
        public void close() {}
    }

    private Path kept(String name, FileWriter writer) {
        Path file = folder.resolve(name);
        try {
            if (!Files.exists(file)) {
                writer.write(file);
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<JsonNode> results() {
        return out.toString(StandardCharsets.UTF_8)
                .lines()
                .map(JsonMapper.shared()::readTree)
                .toList();
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private int run(List<SearchEngine> peers, String... arguments) {
        Terminal terminal = Terminal.plain(
                new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));
        CommandLine line = new CommandLine(
                new SearchBenchCommand(terminal, LetterCounts::new, this::kept, report -> new ArrayList<>(peers)));
        line.setExecutionExceptionHandler((failure, command, parsed) -> {
            terminal.log(String.valueOf(failure.getMessage()));
            return failure instanceof UmemException known ? known.kind().exitCode() : 99;
        });
        return line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8))
                .execute(arguments);
    }
}
