package umem.bench.embed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import umem.bench.peer.EncoderEngine;
import umem.bench.peer.EncoderSession;
import umem.bench.peer.Peers;
import umem.cli.terminal.Terminal;
import umem.error.UmemException;
import umem.provision.Progress;
import umem.provision.Provision;

class EmbedBenchCommandTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void printsTheContractedObjectsWithoutPeersToo() {
        assertThat(run(Peers.none("they are not built"), "--tokens", "5", "--batch", "2", "--rounds", "1", "--json"))
                .as(err.toString(StandardCharsets.UTF_8))
                .isZero();
        assertThat(results()).hasSizeGreaterThanOrEqualTo(2).allSatisfy(result -> {
            assertThat(result.propertyNames())
                    .containsExactly(
                            "case", "engine", "value", "unit", "peers", "limit_ratio", "recall", "spread", "checked");
            assertThat(result.get("case").asString()).startsWith("5-tokens-x2");
            assertThat(result.get("checked").asBoolean()).isTrue();
            assertThat(result.get("value").asDouble()).isPositive();
        });
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("absent: onnxruntime, langchain4j: they are not");
    }

    @Test
    void embeddingsThatDisagreeAreFound() {
        Peers peers = new Peers(List.of(), List.of(new Constant()), "");
        assertThat(run(peers, "--tokens", "5", "--batch", "1", "--rounds", "1", "--json"))
                .isEqualTo(1);
        assertThat(results())
                .allSatisfy(
                        result -> assertThat(result.get("checked").asBoolean()).isFalse());
        assertThat(results().getFirst().get("peers").get("constant").asDouble()).isPositive();
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("wrong: ", " to constant");
    }

    @Test
    void refusesWhatItCannotMeasure() {
        assertThat(run(Peers.none(""), "--tokens", "2")).isEqualTo(2);
        assertThat(run(Peers.none(""), "--batch", "33")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("--tokens 2 is not in 3 to 512", "--batch 33 is not in 1 to 32");
    }

    /// Embeds everything alike.
    private static final class Constant implements EncoderEngine {
        @Override
        public String name() {
            return "constant";
        }

        @Override
        public String version() {
            return "1";
        }

        @Override
        public String terms() {
            return "reads nothing";
        }

        @Override
        public EncoderSession open(Path jar, int threads) {
            return new EncoderSession() {
                @Override
                public float[][] encode(List<String> texts, long[][] tokens) {
                    float[][] rows = new float[texts.size()][384];
                    for (float[] row : rows) {
                        row[7] = 1;
                    }
                    return rows;
                }

                @Override
                public void close() {}
            };
        }
    }

    private List<JsonNode> results() {
        return out.toString(StandardCharsets.UTF_8)
                .lines()
                .map(JsonMapper.shared()::readTree)
                .toList();
    }

    private int run(Peers peers, String... arguments) {
        Terminal terminal = Terminal.plain(
                new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));
        CommandLine line =
                new CommandLine(new EmbedBenchCommand(terminal, Provision.standard(Progress.silent()), () -> peers));
        line.setExecutionExceptionHandler((failure, command, parsed) -> {
            terminal.log(failure.toString());
            return failure instanceof UmemException known ? known.kind().exitCode() : 99;
        });
        return line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8))
                .execute(arguments);
    }
}
