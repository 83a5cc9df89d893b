package umem.engine.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Progress;
import umem.provision.Provision;

/// The client against llama.cpp's own server, where there is one: `engine/src/test/servers/llama-server` builds it, and
/// `UMEM_TEST_LLAMA_SERVER` names the program.
@Timeout(120)
class ForeignServerTest {
    private static final String VARIABLE = "UMEM_TEST_LLAMA_SERVER";
    private static final String KEY = "sk-of-the-test";
    private static final GenerationRequest STORY = new GenerationRequest(
            List.of(ChatMessage.user("Tell me a long story about a lighthouse.")), Sampling.greedy(400));

    private static Server server;

    private record Server(Process process, URI address) {
        static Server start() throws IOException {
            int port;
            try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = socket.getLocalPort();
            }
            Path program = Path.of(System.getenv(VARIABLE));
            Path weights = Provision.standard(Progress.silent()).model("smollm2-135m-instruct");
            List<String> command = List.of(
                    program.toString(),
                    "--model",
                    weights.toString(),
                    "--alias",
                    "smollm2",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    String.valueOf(port),
                    "--ctx-size",
                    "2048",
                    "--parallel",
                    "2",
                    "--threads",
                    "1",
                    "--api-key",
                    KEY);
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return new Server(process, URI.create("http://127.0.0.1:" + port));
        }

        /// Connects as soon as the server listens and has loaded the model.
        RemoteLanguageModel connect(int attempts) {
            RemoteConnection.Pause pause = delay -> Thread.sleep(200);
            return RemoteLanguageModel.connect(address, null, options(attempts).withApiKey(KEY), pause, new Random(1));
        }

        void kill() throws InterruptedException {
            process.destroyForcibly();
            process.waitFor();
        }
    }

    private static RemoteLanguageModel.Options options(int attempts) {
        return new RemoteLanguageModel.Options(4, Duration.ofSeconds(5), Duration.ofSeconds(60), attempts, null);
    }

    @BeforeAll
    static void start() throws IOException {
        Assumptions.assumeTrue(System.getenv(VARIABLE) != null, VARIABLE + " names no llama-server to test against");
        server = Server.start();
    }

    @AfterAll
    static void stop() throws InterruptedException {
        if (server != null) {
            server.kill();
        }
    }

    @Test
    void streamsAndWholeAnswersAgree() {
        try (RemoteLanguageModel model = server.connect(200)) {
            assertThat(model.name()).isEqualTo("smollm2");
            assertThat(model.fingerprint())
                    .startsWith(server.address() + "/v1#smollm2@")
                    .doesNotEndWith("unlisted");
            GenerationRequest request = new GenerationRequest(
                    List.of(ChatMessage.user("What is the capital of France? Answer in one sentence.")),
                    Sampling.greedy(40));
            Generation whole = model.generate(request);
            List<String> pieces = new ArrayList<>();
            Generation streamed = model.submit(request, pieces::add).join();
            assertThat(whole.text()).contains("Paris");
            assertThat(whole.finish()).isEqualTo(Generation.Finish.STOP);
            assertThat(whole.promptTokens()).isGreaterThan(10);
            assertThat(whole.completionTokens()).isBetween(3, 40);
            assertThat(streamed).isEqualTo(whole);
            assertThat(pieces).hasSizeGreaterThan(3);
            assertThat(String.join("", pieces)).isEqualTo(whole.text());
        }
    }

    @Test
    void fingerprintIsTheSameOnEveryConnection() throws InterruptedException {
        try (RemoteLanguageModel first = server.connect(200)) {
            // The server reports the current second as the time when the model was created.
            Thread.sleep(1100);
            try (RemoteLanguageModel second = server.connect(200)) {
                assertThat(second.fingerprint()).isEqualTo(first.fingerprint());
            }
        }
    }

    @Test
    void followsGrammarsAndLimits() {
        try (RemoteLanguageModel model = server.connect(200)) {
            List<ChatMessage> messages = List.of(ChatMessage.user("Write a poem."));
            Generation constrained = model.generate(
                    new GenerationRequest(messages, Sampling.greedy(20), "root ::= \"<v>\" [0-9]{3} \"</v>\""));
            assertThat(constrained.text()).matches("<v>[0-9]{3}</v>");
            Generation limited = model.generate(new GenerationRequest(messages, Sampling.greedy(6)));
            assertThat(limited.finish()).isEqualTo(Generation.Finish.LENGTH);
            assertThat(limited.completionTokens()).isEqualTo(6);
        }
    }

    @Test
    void samplesBySeed() {
        try (RemoteLanguageModel model = server.connect(200)) {
            List<ChatMessage> messages = List.of(ChatMessage.user("Invent a name for a ship."));
            Set<String> texts = new HashSet<>();
            for (long seed : new long[] {1, 2, 3, -1}) {
                GenerationRequest request = new GenerationRequest(messages, Sampling.temperature(1, seed, 24));
                String text = model.generate(request).text();
                assertThat(model.generate(request).text()).isEqualTo(text);
                texts.add(text);
            }
            assertThat(texts).hasSizeGreaterThan(1);
        }
    }

    @Test
    void runsManySideBySide() {
        try (RemoteLanguageModel model = server.connect(200)) {
            List<GenerationRequest> requests = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                requests.add(new GenerationRequest(
                        List.of(ChatMessage.user("q")), Sampling.greedy(8), "root ::= \"number " + i + "\""));
            }
            List<Generation> generations = model.generateAll(requests);
            for (int i = 0; i < 12; i++) {
                assertThat(generations.get(i).text()).isEqualTo("number " + i);
            }
        }
    }

    @Test
    void repeatsTheServersOwnWords() {
        try (RemoteLanguageModel model = server.connect(200)) {
            assertThatThrownBy(() -> model.generate(new GenerationRequest(
                            List.of(ChatMessage.user("lorem ipsum ".repeat(2000))), Sampling.greedy(4))))
                    .isInstanceOfSatisfying(
                            UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.REMOTE))
                    .hasMessageContaining("status 400")
                    .hasMessageContaining("context size");
            assertThatThrownBy(() -> model.generate(
                            new GenerationRequest(List.of(ChatMessage.user("q")), Sampling.greedy(4), "root ::= (")))
                    .hasMessageContaining("status 400")
                    .hasMessageContaining("grammar");
        }
        assertThatThrownBy(() -> RemoteLanguageModel.connect(server.address(), null, options(200)))
                .isInstanceOf(UmemException.class)
                .hasMessageContaining("status 401")
                .hasMessageContaining("UMEM_API_KEY");
    }

    @Test
    void cancellingFreesTheServersSlots() throws Exception {
        try (RemoteLanguageModel model = server.connect(200)) {
            for (int i = 0; i < 4; i++) {
                CompletableFuture<String> first = new CompletableFuture<>();
                CompletableFuture<Generation> story = model.submit(STORY, first::complete);
                first.get(60, TimeUnit.SECONDS);
                story.cancel(true);
            }
            assertThat(model.generate(new GenerationRequest(
                                    List.of(ChatMessage.user("q")), Sampling.greedy(4), "root ::= \"ok\""))
                            .text())
                    .isEqualTo("ok");
        }
    }

    @Test
    void survivesTheDeathOfTheServer() throws Exception {
        Server victim = Server.start();
        try (RemoteLanguageModel loading = victim.connect(200);
                RemoteLanguageModel model = victim.connect(3)) {
            assertThat(loading.generate(new GenerationRequest(
                                    List.of(ChatMessage.user("q")), Sampling.greedy(4), "root ::= \"ok\""))
                            .text())
                    .isEqualTo("ok");
            List<String> pieces = new CopyOnWriteArrayList<>();
            CompletableFuture<String> first = new CompletableFuture<>();
            CompletableFuture<Generation> streamed = model.submit(STORY, piece -> {
                pieces.add(piece);
                first.complete(piece);
            });
            CompletableFuture<Generation> whole = model.submit(STORY);
            first.get(60, TimeUnit.SECONDS);
            victim.kill();
            assertRemote(streamed, "broke off in the middle of an answer");
            assertRemote(whole, "failed in 3 attempts, the last time because of: connection refused");
            assertThat(pieces).isNotEmpty();
        } finally {
            victim.kill();
        }
    }

    private static void assertRemote(CompletableFuture<Generation> future, String message) {
        assertThatThrownBy(future::join)
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.REMOTE))
                .hasMessageContaining("/v1/chat/completions")
                .hasMessageContaining(message);
    }
}
