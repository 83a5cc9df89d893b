package umem.provision;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ProvisionProgramTest {
    @TempDir
    Path folder;

    private Path cache;
    private ServedPackages packages;

    @BeforeEach
    void serve() throws IOException {
        cache = folder.resolve("cache");
        packages = new ServedPackages(folder.resolve("registry"));
        Samples.serve(packages);
    }

    private record Run(int code, String out, String err) {
        JsonNode json() {
            return JsonMapper.shared().readTree(out);
        }
    }

    private Run run(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = ProvisionProgram.run(
                List.of(arguments),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                progress -> Samples.provision(
                        cache,
                        packages,
                        Samples.NO_HUB,
                        null,
                        new Disk(),
                        progress,
                        Samples.model(Samples.HUB_FILE, Samples.modelParts())));
        return new Run(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void misuseIsExitCode2() {
        for (String[] arguments : new String[][] {{}, {"--json"}, {"--nonsense"}, {"all", "--nonsense"}, {"dance"}}) {
            Run run = run(arguments);
            assertThat(run.code).isEqualTo(2);
            assertThat(run.out).isEmpty();
            assertThat(run.err.strip())
                    .startsWith("set-up: ")
                    .contains("usage: ACTION")
                    .doesNotContain("\n");
        }
    }

    @Test
    void providesByName() {
        Run first = run(Samples.MODEL);
        assertThat(first.code).isZero();
        assertThat(first.out.strip()).startsWith("small-model " + cache).endsWith(".gguf");
        assertThat(first.err)
                .contains("set-up: hf:owner/models/small model.gguf: 127.0.0.1: the connection is refused; trying")
                .contains("set-up: fetching small-model, 300 kB of 300 kB (100 %)");

        Run second = run("--json", Samples.MODEL, "--offline");
        assertThat(second.code).isZero();
        assertThat(Path.of(second.json().path(Samples.MODEL).asString())).hasBinaryContent(Samples.model());
        assertThat(second.err).isEmpty();
    }

    @Test
    void offlineWithoutACacheIsExitCode9() {
        Run run = run(Samples.MODEL, "--offline", "--json");
        assertThat(run.code).isEqualTo(9);
        assertThat(run.out).isEmpty();
        assertThat(run.err.strip())
                .startsWith("set-up: offline, and small-model")
                .doesNotContain("\n");
    }

    @Test
    void listsWhatThereIs() {
        JsonNode absent = run("list", "--json").json().path("artifacts").get(0);
        assertThat(absent.path("name").asString()).isEqualTo(Samples.MODEL);
        assertThat(absent.path("present").asBoolean()).isFalse();
        assertThat(absent.path("sha256").asString()).isEqualTo(Samples.sha256(Samples.model()));
        assertThat(absent.path("size").asLong()).isEqualTo(300_000);
        assertThat(absent.path("licence").asString()).isEqualTo("MIT");
        run(Samples.MODEL);
        JsonNode present = run("list", "--json").json().path("artifacts").get(0);
        assertThat(present.path("present").asBoolean()).isTrue();
        assertThat(present.path("path").asString()).endsWith(".gguf");
        assertThat(run("list").out).contains(Samples.MODEL);
    }

    @Test
    void aDamagedCacheIsExitCode8() throws IOException {
        assertThat(run("verify", "--json").json().path("ok").asBoolean()).isTrue();
        Path file =
                Path.of(run("--json", Samples.MODEL).json().path(Samples.MODEL).asString());
        assertThat(run("verify").code).isZero();
        byte[] damaged = Samples.model();
        damaged[0] ^= 1;
        Files.write(file, damaged);
        Run run = run("verify", "--json");
        assertThat(run.code).isEqualTo(8);
        assertThat(run.json().path("ok").asBoolean()).isFalse();
        assertThat(run.json().path("problems").get(0).asString()).startsWith(file + ": damaged");
        assertThat(run(Samples.MODEL).code).isZero();
        assertThat(run("verify").code).isZero();
    }
}
