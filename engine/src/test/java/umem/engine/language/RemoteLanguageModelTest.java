package umem.engine.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static umem.engine.language.StubServer.completion;
import static umem.engine.language.StubServer.completionJson;
import static umem.engine.language.StubServer.delta;
import static umem.engine.language.StubServer.events;
import static umem.engine.language.StubServer.finish;
import static umem.engine.language.StubServer.head;
import static umem.engine.language.StubServer.json;
import static umem.engine.language.StubServer.usage;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The client against a server on loopback that does what real ones do on bad days. No test sleeps: waits between
/// attempts are written down instead.
@Timeout(60)
class RemoteLanguageModelTest {
    private static final RemoteLanguageModel.Options OPTIONS =
            new RemoteLanguageModel.Options(3, Duration.ofSeconds(10), Duration.ofSeconds(30), 4, null);

    private final List<Duration> waits = new CopyOnWriteArrayList<>();
    private StubServer stub;

    @BeforeEach
    void start() throws IOException {
        stub = new StubServer();
    }

    @AfterEach
    void stop() throws IOException {
        stub.close();
    }

    private RemoteLanguageModel connect(RemoteLanguageModel.Options options) {
        return RemoteLanguageModel.connect(stub.address(), null, options, waits::add, new Random(1));
    }

    private static GenerationRequest request(String text) {
        return new GenerationRequest(List.of(ChatMessage.user(text)), Sampling.greedy(32));
    }

    private static UmemException failure(CompletableFuture<?> future) {
        try {
            throw new AssertionError("no failure but " + future.join());
        } catch (CompletionException e) {
            if (e.getCause() instanceof UmemException failure) {
                assertThat(failure).message().doesNotContain("\n");
                return failure;
            }
            throw e;
        }
    }

    @Test
    void generates() {
        stub.then(completion("Grüße 🙂"));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            GenerationRequest request = new GenerationRequest(
                    List.of(ChatMessage.system("Be brief."), ChatMessage.user("Hallo, ä?")), Sampling.greedy(32));
            assertThat(model.generate(request)).isEqualTo(new Generation("Grüße 🙂", 11, 5, Generation.Finish.STOP));
            assertThat(model.name()).isEqualTo("stub-1");
            assertThat(model.parallelism()).isEqualTo(3);
        }
        StubServer.Request sent = stub.requests.getFirst();
        assertThat(sent.method() + " " + sent.path()).isEqualTo("POST /v1/chat/completions");
        assertThat(sent.header("Content-Type")).isEqualTo("application/json");
        assertThat(sent.header("Authorization")).isEmpty();
        assertThat(sent.header("Upgrade")).isEmpty();
        assertThat(sent.body()).isEqualTo(StubServer.JSON.readTree("""
                {"model": "stub-1", "max_tokens": 32, "temperature": 0.0, "seed": 0, "messages": [
                 {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hallo, ä?"}]}"""));
        assertThat(waits).isEmpty();
    }

    @Test
    void mapsSamplingAndGrammar() {
        stub.then(json(200, completionJson("a", "length")));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            List<ChatMessage> messages = List.of(ChatMessage.user("q"));
            Generation generation = model.generate(
                    new GenerationRequest(messages, new Sampling(0.7, 20, 0.9, -1, 8), "root ::= \"a\""));
            assertThat(generation.finish()).isEqualTo(Generation.Finish.LENGTH);
            model.generate(new GenerationRequest(messages, Sampling.temperature(1, 42, 8)));
            model.generate(new GenerationRequest(messages, Sampling.temperature(1, Long.MIN_VALUE + 42, 8)));
        }
        var first = stub.requests.getFirst().body();
        assertThat(first.path("temperature").asDouble()).isEqualTo(0.7);
        assertThat(first.path("top_k").asInt()).isEqualTo(20);
        assertThat(first.path("top_p").asDouble()).isEqualTo(0.9);
        assertThat(first.path("grammar").asString()).isEqualTo("root ::= \"a\"");
        assertThat(first.has("stream")).isFalse();
        var second = stub.requests.get(1).body();
        assertThat(second.has("top_k")).isFalse();
        assertThat(second.has("grammar")).isFalse();
        assertThat(second.path("top_p").asDouble()).isEqualTo(1);
        assertThat(second.path("seed").asLong()).isEqualTo(42);
        for (StubServer.Request sent : stub.requests) {
            assertThat(sent.body().path("seed").asLong()).isBetween(0L, (long) Integer.MAX_VALUE);
        }
    }

    @Test
    void streams() {
        stub.then((request, connection) -> {
            assertThat(request.body().path("stream").asBoolean()).isTrue();
            connection.send(head(200, "Content-Type: text/event-stream") + "\r\n");
            connection.send(": a comment\r\n\r\nevent: message\r\nid: 7\r\ndata:" + delta("Zwei ") + "\r\n\r\n");
            connection.send("data: " + delta("Wörter") + "\n\n" + ": more\n" + "data: " + finish("length") + "\n\n");
            connection.send("data: " + usage() + "\n\ndata: [DONE]\n\n");
        });
        List<String> pieces = new ArrayList<>();
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            assertThat(model.submit(request("q"), pieces::add).join())
                    .isEqualTo(new Generation("Zwei Wörter", 7, 3, Generation.Finish.LENGTH));
        }
        assertThat(pieces).containsExactly("Zwei ", "Wörter");
        assertThat(stub.requests
                        .getFirst()
                        .body()
                        .path("stream_options")
                        .path("include_usage")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void streamsWithoutUsageOrDone() {
        stub.then(events(delta("a"), finish("stop")), events(delta("b"), "[DONE]"));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            assertThat(model.submit(request("q"), piece -> {}).join())
                    .isEqualTo(new Generation("a", 0, 0, Generation.Finish.STOP));
            assertThat(model.submit(request("q"), piece -> {}).join().text()).isEqualTo("b");
        }
        assertThat(waits).isEmpty();
    }

    @Test
    void joinsSurrogatesThatTheServerCut() {
        String halves = "{\"choices\":[{\"delta\":{\"content\":\"x\\ud83d\"}}]}";
        String rest = "{\"choices\":[{\"delta\":{\"content\":\"\\ude42y\\ud83d\"}}]}";
        stub.then(events(halves, rest, finish("stop"), "[DONE]"));
        List<String> pieces = new ArrayList<>();
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            assertThat(model.submit(request("q"), pieces::add).join().text()).isEqualTo("x🙂y\ufffd");
        }
        assertThat(pieces).containsExactly("x", "🙂y", "\ufffd");
    }

    @Test
    void takesReasoningOnlyWhereThereIsNothingElse() {
        stub.then(
                json(200, "{\"choices\":[{\"message\":{\"content\":\"4\",\"reasoning_content\":\"2+2\"}}]}"),
                json(200, "{\"choices\":[{\"message\":{\"content\":null,\"reasoning_content\":\"2+2\"}}]}"));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            assertThat(model.generate(request("q")).text()).isEqualTo("4");
            assertThat(model.generate(request("q")).text()).isEqualTo("2+2");
        }
    }

    @Test
    void saysThatNobodyListens() throws IOException {
        URI address;
        try (ServerSocket socket = new ServerSocket(0)) {
            address = URI.create("http://127.0.0.1:" + socket.getLocalPort());
        }
        assertThatThrownBy(() -> RemoteLanguageModel.connect(address, null, OPTIONS, waits::add, new Random(1)))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.REMOTE))
                .hasMessageContaining(address.toString())
                .hasMessageContaining("4 attempts")
                .hasMessageContaining("connection refused");
        assertThat(waits).hasSize(3);
    }

    @Test
    void timesOutBeforeAndWithinTheAnswer() {
        stub.then((request, connection) -> connection.awaitEnd(), (request, connection) -> {
            connection.send(head(200, "Content-Length: 1000") + "\r\n{\"choices\":");
            connection.awaitEnd();
        });
        RemoteLanguageModel.Options hasty =
                new RemoteLanguageModel.Options(1, Duration.ofSeconds(5), Duration.ofSeconds(2), 2, null);
        try (RemoteLanguageModel model = connect(hasty)) {
            UmemException failure = failure(model.submit(request("q")));
            assertThat(failure.kind()).isEqualTo(ErrorKind.REMOTE);
            assertThat(failure).hasMessageContaining("2 attempts").hasMessageContaining("within 2 s");
        }
        assertThat(stub.requests).hasSize(2);
    }

    @Test
    void waitsAsLongAsTheServerAsks() {
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(
                ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(90));
        stub.then(
                json(429, "{\"error\":{\"message\":\"slow down\"}}", "Retry-After: 7"),
                json(429, "", "Retry-After: " + date),
                json(503, "", "Retry-After: 86400"),
                completion("ok"));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            assertThat(model.generate(request("q")).text()).isEqualTo("ok");
        }
        assertThat(waits.get(0)).isBetween(Duration.ofSeconds(7), Duration.ofSeconds(8));
        assertThat(waits.get(1)).isBetween(Duration.ofSeconds(30), Duration.ofSeconds(92));
        assertThat(waits.get(2)).isBetween(Duration.ofSeconds(120), Duration.ofSeconds(121));
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 409, 425, 429, 500, 502, 503, 504})
    void repeatsWithTheSameIdempotencyKey(int status) {
        stub.then(json(status, "{\"error\":\"busy\"}"), completion("ok"));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            assertThat(model.generate(request("q")).text()).isEqualTo("ok");
            assertThat(model.generate(request("q")).text()).isEqualTo("ok");
        }
        List<String> keys =
                stub.requests.stream().map(r -> r.header("Idempotency-Key")).toList();
        assertThat(keys).hasSize(3).doesNotContain("");
        assertThat(keys.get(0)).isEqualTo(keys.get(1)).isNotEqualTo(keys.get(2));
        assertThat(stub.requests).allMatch(r -> r.header("X-Request-Id").equals(r.header("Idempotency-Key")));
        assertThat(stub.requests.get(0).body()).isEqualTo(stub.requests.get(1).body());
        assertThat(waits).hasSize(1);
        assertThat(waits.getFirst()).isLessThanOrEqualTo(Duration.ofSeconds(1));
    }

    @ParameterizedTest
    @ValueSource(ints = {302, 400, 401, 403, 404, 422, 501})
    void doesNotRepeatWhatIsRefused(int status) {
        stub.then(json(status, "{\"error\":{\"message\":\"no,\\n sir, not sk-secret\",\"code\":\"because\"}}"));
        try (RemoteLanguageModel model = connect(OPTIONS.withApiKey("sk-secret"))) {
            UmemException failure = failure(model.submit(request("q")));
            assertThat(failure.kind()).isEqualTo(ErrorKind.REMOTE);
            assertThat(failure)
                    .hasMessageContaining(stub.address() + "/v1/chat/completions")
                    .hasMessageContaining("status " + status)
                    .hasMessageContaining("no, sir, not [API key] [because]");
            assertThat(stackOf(failure)).doesNotContain("sk-secret");
        }
        assertThat(stub.requests).hasSize(1);
        assertThat(stub.requests.getFirst().header("Authorization")).isEqualTo("Bearer sk-secret");
        assertThat(waits).isEmpty();
    }

    private static String stackOf(Throwable failure) {
        java.io.StringWriter text = new java.io.StringWriter();
        failure.printStackTrace(new java.io.PrintWriter(text));
        return text.toString();
    }

    @Test
    void doesNotWaitForAnEmptyPurse() {
        stub.then(json(429, "{\"error\":{\"message\":\"pay first\",\"code\":\"insufficient_quota\"}}"));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            assertThat(failure(model.submit(request("q")))).hasMessageContaining("pay first");
        }
        assertThat(stub.requests).hasSize(1);
    }

    @Test
    void repeatsAfterHalfAnswers() {
        String whole = completionJson("ok", "stop");
        String half = whole.substring(0, whole.length() / 2);
        stub.then(
                json(200, half),
                (request, connection) -> connection.send(head(200, "Content-Length: 900") + "\r\n" + half),
                (request, connection) -> {},
                completion("ok"));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            assertThat(model.generate(request("q")).text()).isEqualTo("ok");
        }
        assertThat(stub.requests).hasSize(4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<html>Bad gateway</html>",
                "[1]",
                "{}",
                "{\"choices\":[]}",
                "{\"choices\":[{\"message\":7}]}"
            })
    void givesUpOnGarbage(String garbage) {
        stub.then(json(200, garbage));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            for (UmemException failure :
                    List.of(failure(model.submit(request("q"))), failure(model.submit(request("q"), piece -> {})))) {
                assertThat(failure.kind()).isEqualTo(ErrorKind.REMOTE);
                assertThat(failure)
                        .hasMessageContaining(stub.address().toString())
                        .hasMessageContaining("4 attempts");
            }
        }
        assertThat(stub.requests).hasSize(8);
    }

    @Test
    void stopsReadingAnEndlessAnswer() {
        stub.then((request, connection) -> {
            connection.send(head(200, "Transfer-Encoding: chunked") + "\r\n");
            byte[] junk = "x".repeat(1 << 20).getBytes();
            while (true) {
                connection.chunk(junk);
            }
        });
        RemoteLanguageModel.Options once =
                new RemoteLanguageModel.Options(1, Duration.ofSeconds(5), Duration.ofSeconds(50), 1, null);
        try (RemoteLanguageModel model = connect(once)) {
            assertThat(failure(model.submit(request("q")))).hasMessageContaining("16 MiB");
            assertThat(failure(model.submit(request("q"), piece -> {}))).hasMessageContaining("too long");
        }
    }

    @Test
    void understandsErrorsUnderStatus200() {
        stub.then(
                json(200, "{\"error\":{\"message\":\"upstream fell over\",\"code\":502}}"),
                json(200, "{\"error\":{\"message\":\"no such model\",\"code\":404}}"));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            assertThat(failure(model.submit(request("q")))).hasMessageContaining("no such model");
        }
        assertThat(stub.requests).hasSize(2);
    }

    @Test
    void repeatsAStreamOnlyWhileNothingWasHandedOn() {
        stub.then(
                events(),
                events("{\"error\":{\"message\":\"overloaded\",\"code\":503}}"),
                (request, connection) -> {
                    connection.send(head(200, "Transfer-Encoding: chunked") + "\r\n10\r\ndata: ");
                },
                events(delta("ok"), finish("stop"), "[DONE]"));
        List<String> pieces = new ArrayList<>();
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            assertThat(model.submit(request("q"), pieces::add).join().text()).isEqualTo("ok");
        }
        assertThat(pieces).containsExactly("ok");
        assertThat(waits).hasSize(3);
    }

    @Test
    void failsAStreamThatBreaksAfterText() {
        stub.then(
                events(delta("half")),
                (request, connection) -> {
                    connection.send(head(200, "Transfer-Encoding: chunked") + "\r\n");
                    connection.chunk(("data: " + delta("half") + "\n\n").getBytes());
                },
                events(delta("half"), "{\"error\":{\"message\":\"out of memory\"}}"),
                events(delta("half"), "{\"choices\":[{\"del"));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            for (int i = 0; i < 4; i++) {
                List<String> pieces = new ArrayList<>();
                UmemException failure = failure(model.submit(request("q"), pieces::add));
                assertThat(failure.kind()).isEqualTo(ErrorKind.REMOTE);
                assertThat(failure).hasMessageContaining("broke off");
                assertThat(pieces).containsExactly("half");
            }
        }
        assertThat(stub.requests).hasSize(4);
        assertThat(waits).isEmpty();
    }

    @Test
    void failsTheGenerationWhoseListenerThrows() {
        stub.then(events(delta("a"), finish("stop"), "[DONE]"));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            UmemException failure = failure(model.submit(request("q"), piece -> {
                throw new IllegalStateException("no ink");
            }));
            assertThat(failure).hasMessageContaining("no ink");
            assertThat(model.submit(request("q"), piece -> {}).join().text()).isEqualTo("a");
        }
        assertThat(stub.requests).hasSize(2);
    }

    @Test
    void neverExceedsTheLimit() {
        AtomicInteger active = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        // Lets nobody go before three are there: fewer than three at once would hang.
        CyclicBarrier three = new CyclicBarrier(3);
        stub.then((request, connection) -> {
            most.accumulateAndGet(active.incrementAndGet(), Math::max);
            three.await();
            active.decrementAndGet();
            completion(request.body().path("messages").path(0).path("content").asString())
                    .answer(request, connection);
        });
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            requests.add(request("q" + i));
        }
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            List<Generation> generations = model.generateAll(requests);
            for (int i = 0; i < 30; i++) {
                assertThat(generations.get(i).text()).isEqualTo("q" + i);
            }
        }
        assertThat(most).hasValue(3);
    }

    @Test
    void holdsNoSlotWhileWaiting() throws Exception {
        CountDownLatch waiting = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(1);
        stub.then(json(500, ""), completion("ok"));
        RemoteConnection.Pause pause = delay -> {
            waiting.countDown();
            second.await();
        };
        try (RemoteLanguageModel model =
                RemoteLanguageModel.connect(stub.address(), null, OPTIONS.withConcurrency(1), pause, new Random(1))) {
            CompletableFuture<Generation> first = model.submit(request("first"));
            waiting.await();
            assertThat(model.generate(request("second")).text()).isEqualTo("ok");
            assertThat(first).isNotDone();
            second.countDown();
            assertThat(first.join().text()).isEqualTo("ok");
        }
    }

    @Test
    void cancellingAbortsTheExchangeAndFreesTheSlot() throws Exception {
        CountDownLatch arrived = new CountDownLatch(2);
        CountDownLatch left = new CountDownLatch(2);
        StubServer.Behaviour hang = (request, connection) -> {
            arrived.countDown();
            connection.awaitEnd();
            left.countDown();
        };
        StubServer.Behaviour hangInTheMiddle = (request, connection) -> {
            connection.send(head(200, "Transfer-Encoding: chunked") + "\r\n");
            connection.chunk(("data: " + delta("half") + "\n\n").getBytes());
            hang.answer(request, connection);
        };
        stub.then(hang, hangInTheMiddle, completion("ok"));
        try (RemoteLanguageModel model = connect(OPTIONS.withConcurrency(1))) {
            CompletableFuture<Generation> first = model.submit(request("q"));
            while (arrived.getCount() == 2) {
                Thread.sleep(1);
            }
            assertThat(first.cancel(true)).isTrue();
            CountDownLatch streaming = new CountDownLatch(1);
            CompletableFuture<Generation> second = model.submit(request("q"), piece -> streaming.countDown());
            streaming.await();
            arrived.await();
            assertThat(second.cancel(true)).isTrue();
            assertThat(left.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(model.generate(request("q")).text()).isEqualTo("ok");
        }
        assertThat(waits).isEmpty();
    }

    @Test
    void closingEndsWhatRuns() throws Exception {
        CountDownLatch arrived = new CountDownLatch(2);
        CountDownLatch left = new CountDownLatch(2);
        stub.then((request, connection) -> {
            arrived.countDown();
            connection.awaitEnd();
            left.countDown();
        });
        RemoteLanguageModel model = connect(OPTIONS.withConcurrency(2));
        List<CompletableFuture<Generation>> running = List.of(
                model.submit(request("a")), model.submit(request("b"), piece -> {}), model.submit(request("queued")));
        arrived.await();
        model.close();
        model.close();
        for (CompletableFuture<Generation> future : running) {
            assertThat(failure(future)).hasMessageContaining("closed");
        }
        assertThat(left.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(failure(model.submit(request("late")))).hasMessageContaining("closed");
        assertThat(stub.requests).hasSize(2);
    }

    @Test
    void fingerprintTellsModelsApartAndIgnoresTheClock() {
        String first;
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            first = model.fingerprint();
            assertThat(first).startsWith(stub.address() + "/v1#stub-1@");
        }
        stub.listing(json(200, StubServer.MODELS.formatted(2)));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            assertThat(model.fingerprint()).isEqualTo(first);
        }
        stub.listing(json(200, "{\"data\":[{\"id\":\"stub-1\",\"meta\":{\"size\":3}}]}"));
        try (RemoteLanguageModel model = connect(OPTIONS)) {
            assertThat(model.fingerprint()).isNotEqualTo(first);
        }
    }

    @Test
    void worksWithoutAListOfModelsWhenOneIsNamed() {
        stub.listing(json(404, "{}")).then(completion("ok"));
        try (RemoteLanguageModel model =
                RemoteLanguageModel.open(stub.address() + "/v1/chat/completions#org/model:7b", OPTIONS)) {
            assertThat(model.name()).isEqualTo("org/model:7b");
            assertThat(model.generate(request("q")).text()).isEqualTo("ok");
        }
        assertThat(stub.requests.getFirst().path()).isEqualTo("/v1/chat/completions");
        assertThat(stub.requests.getFirst().body().path("model").asString()).isEqualTo("org/model:7b");
        assertThatThrownBy(() -> connect(OPTIONS)).hasMessageContaining("#MODEL");
    }

    @Test
    void refusesAWrongKeyWhenConnecting() {
        stub.listing(json(401, "{\"error\":{\"message\":\"who are you?\"}}"));
        assertThatThrownBy(() -> connect(OPTIONS))
                .isInstanceOf(UmemException.class)
                .hasMessageContaining("who are you?")
                .hasMessageContaining("UMEM_API_KEY");
        assertThat(stub.modelRequests).hasSize(1);
    }
}
