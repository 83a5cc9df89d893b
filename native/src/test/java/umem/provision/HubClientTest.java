package umem.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubClientTest {
    private static final byte[] FILE = Samples.model();

    @TempDir
    Path folder;

    private static HubClient client(URI hub, @Nullable String token) {
        return new HubClient(hub, token, Duration.ofSeconds(2), Duration.ofMillis(1), Duration.ofMillis(300));
    }

    private StagedFile staged() {
        return new StagedFile(folder.resolve("content"), new Disk(), n -> {});
    }

    private void fetch(LoopbackHub hub) throws IOException, SourceUnavailable {
        client(hub.address(), null).fetch(Samples.HUB_FILE, FILE.length, staged());
    }

    private void assertRefused(LoopbackHub hub, String reason) {
        assertThatExceptionOfType(SourceUnavailable.class)
                .isThrownBy(() -> fetch(hub))
                .withMessageContaining(reason);
    }

    @Test
    void fetchesAFile() throws Exception {
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.file(FILE))) {
            fetch(hub);
            assertThat(folder.resolve("content")).hasBinaryContent(FILE);
            assertThat(hub.requests()).singleElement().satisfies(request -> {
                assertThat(request.path()).isEqualTo("/owner/models/resolve/main/small%20model.gguf");
                assertThat(request.header("range")).isEmpty();
                assertThat(request.header("authorization")).isEmpty();
            });
        }
    }

    @Test
    void goesOnByRangeAfterEachCut() throws Exception {
        try (LoopbackHub hub = new LoopbackHub(
                LoopbackHub.cutAfter(FILE, 0),
                LoopbackHub.cutAfter(FILE, 100_000),
                LoopbackHub.status(503),
                LoopbackHub.cutAfter(FILE, 1),
                LoopbackHub.file(FILE))) {
            fetch(hub);
            assertThat(folder.resolve("content")).hasBinaryContent(FILE);
            assertThat(hub.requests())
                    .extracting(request -> request.header("range"))
                    .containsExactly("", "", "bytes=100000-", "bytes=100000-", "bytes=100001-");
        }
    }

    @Test
    void goesOnAfterSilence() throws Exception {
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.silentAfter(FILE, 70_000), LoopbackHub.file(FILE))) {
            fetch(hub);
            assertThat(folder.resolve("content")).hasBinaryContent(FILE);
            assertThat(hub.requests().getLast().header("range")).isEqualTo("bytes=70000-");
        }
    }

    @Test
    void startsAgainWhereRangesAreIgnoredOrRefused() throws Exception {
        Files.write(folder.resolve("content"), Arrays.copyOf(FILE, 1234));
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.ignoringRanges(FILE))) {
            fetch(hub);
            assertThat(folder.resolve("content")).hasBinaryContent(FILE);
        }
        Files.write(folder.resolve("content"), Arrays.copyOf(FILE, 1234));
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.status(416), LoopbackHub.file(FILE))) {
            fetch(hub);
            assertThat(folder.resolve("content")).hasBinaryContent(FILE);
            assertThat(hub.requests().getLast().header("range")).isEmpty();
        }
    }

    @Test
    void givesUpWhereNothingComes() throws Exception {
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.cutAfter(FILE, 10), LoopbackHub.cutAfter(FILE, 0))) {
            assertRefused(hub, "(4 attempts)");
            assertThat(folder.resolve("content")).hasBinaryContent(Arrays.copyOf(FILE, 10));
        }
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.status(500))) {
            assertRefused(hub, "HTTP 500 (4 attempts)");
            assertThat(hub.requests()).hasSize(4);
        }
    }

    @Test
    void saysWhatTheHubSays() throws Exception {
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.status(404))) {
            assertRefused(hub, "HTTP 404, no such file on the hub");
            assertThat(hub.requests()).hasSize(1);
        }
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.status(401))) {
            assertRefused(hub, "HTTP 401, the hub asks for a key: set HF_TOKEN");
            assertThatExceptionOfType(SourceUnavailable.class)
                    .isThrownBy(() -> client(hub.address(), "key").describe(Samples.HUB_FILE))
                    .withMessage("HTTP 401, the key in HF_TOKEN may not read this file");
        }
        byte[] longer = Arrays.copyOf(FILE, FILE.length + 1);
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.file(longer))) {
            assertRefused(hub, "has 300001 bytes, not 300000");
        }
    }

    @Test
    void followsRedirectsAndKeepsTheKeyToItself() throws Exception {
        try (LoopbackHub store = new LoopbackHub(LoopbackHub.file(FILE));
                LoopbackHub hub = new LoopbackHub(
                        LoopbackHub.status(307, "Location: /moved/here"),
                        LoopbackHub.status(302, "Location: " + store.address() + "/blob"))) {
            client(hub.address(), "secret").fetch(Samples.HUB_FILE, FILE.length, staged());
            assertThat(folder.resolve("content")).hasBinaryContent(FILE);
            assertThat(hub.requests())
                    .extracting(r -> r.path() + " " + r.header("authorization"))
                    .containsExactly(
                            "/owner/models/resolve/main/small%20model.gguf Bearer secret", "/moved/here Bearer secret");
            assertThat(store.requests())
                    .extracting(r -> r.path() + r.header("authorization"))
                    .containsExactly("/blob");
        }
        Files.delete(folder.resolve("content"));
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.status(302, "Location: /round"))) {
            assertRefused(hub, "more than 6 redirects");
        }
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.status(302))) {
            assertRefused(hub, "HTTP 302 without a Location");
        }
    }

    @Test
    void aDeadHubIsAskedOnce() {
        HubClient client = client(Samples.NO_HUB, null);
        for (int i = 0; i < 2; i++) {
            assertThatExceptionOfType(SourceUnavailable.class)
                    .isThrownBy(() -> client.fetch(Samples.HUB_FILE, FILE.length, staged()))
                    .withMessage("127.0.0.1: the connection is refused");
        }
        assertThatExceptionOfType(SourceUnavailable.class)
                .isThrownBy(() -> client(URI.create("http://no-such-host.invalid"), null)
                        .fetch(Samples.HUB_FILE, FILE.length, staged()))
                .withMessage("no-such-host.invalid: the host name cannot be resolved");
    }

    @Test
    void learnsChecksumAndSizeBeforehand() throws Exception {
        String sum = Samples.sha256(FILE);
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.status(
                302, "Location: /blob", "X-Linked-ETag: \"" + sum + "\"", "X-Linked-Size: " + FILE.length))) {
            HubClient.Description description = client(hub.address(), null).describe(Samples.HUB_FILE);
            assertThat(description.sha256()).isEqualTo(sum);
            assertThat(description.size()).hasValue(FILE.length);
            assertThat(hub.requests().getFirst().method()).isEqualTo("HEAD");
        }
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.status(200, "ETag: \"abc\""))) {
            assertThat(client(hub.address(), null).describe(Samples.HUB_FILE).sha256())
                    .isNull();
        }
    }
}
