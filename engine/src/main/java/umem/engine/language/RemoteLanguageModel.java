package umem.engine.language;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A language model behind an OpenAI-compatible endpoint, reached over `POST /chat/completions`.
///
/// Requests beyond the limit of concurrency wait here. An attempt that fails in a way that may pass (no connection, a
/// time-out, status 408, 409, 425, 429 or 5xx, an answer that is cut off or no JSON) is repeated after an exponentially
/// growing, random wait, or after what `Retry-After` asks for; all attempts carry the same `Idempotency-Key` and
/// `X-Request-Id`. Other refusals are final. A generation is streamed only when it has a listener, and is not repeated
/// once the listener has got text.
///
/// What servers do differently:
/// - `top_k` and `grammar` are extensions (llama.cpp, vLLM). They are sent only when asked for; servers without them
///   ignore or refuse them. Where `top_k` is not sent, the server's own default applies when sampling.
/// - The seed is folded to 31 bits.
/// - Text that a server files as reasoning is left out, unless the answer has no other text.
/// - Token counts are the server's, and may include the end-of-turn token; they are 0 when it reports none.
///
/// Safe for all threads. Every generation has a virtual thread of its own, on which its listener is called; cancelling
/// the generation or closing the model interrupts that thread and aborts the HTTP exchange.
public final class RemoteLanguageModel implements LanguageModel {
    private static final System.Logger LOG = System.getLogger(RemoteLanguageModel.class.getName());
    private static final int LONGEST_ANSWER = 16 << 20;

    private final Endpoint endpoint;
    private final ServedModel model;
    private final int concurrency;
    private final RemoteConnection connection;
    private final Set<CompletableFuture<Generation>> running = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicBoolean uncounted = new AtomicBoolean();

    /// How an endpoint is used.
    ///
    /// @param concurrency requests that may be under way at the same time, at least 1
    /// @param connectTimeout the longest wait for a connection
    /// @param requestTimeout the longest time one attempt may take, from sending to the last byte
    /// @param attempts how often a request is tried, at least 1
    /// @param apiKey sent as bearer token, or null; never printed
    public record Options(
            int concurrency,
            Duration connectTimeout,
            Duration requestTimeout,
            int attempts,
            @Nullable String apiKey) {
        public Options {
            if (concurrency < 1 || attempts < 1) {
                throw new IllegalArgumentException(
                        "concurrency " + concurrency + " or attempts " + attempts + " below 1");
            }
            if (!connectTimeout.isPositive() || !requestTimeout.isPositive()) {
                throw new IllegalArgumentException("a timeout is not positive");
            }
            // Said here, since the HTTP client would repeat the key in its complaint.
            if (apiKey != null && !apiKey.matches("[!-~]+")) {
                throw new UmemException(
                        ErrorKind.USAGE,
                        "the API key is empty or holds blanks or characters beyond ASCII; set UMEM_API_KEY to the key alone");
            }
        }

        /// Four requests at once, 10 s to connect, 10 minutes and 6 attempts a request, no key.
        public static Options defaults() {
            return new Options(4, Duration.ofSeconds(10), Duration.ofMinutes(10), 6, null);
        }

        /// The defaults with the key in `UMEM_API_KEY`, or else in `OPENAI_API_KEY`; an empty `UMEM_API_KEY` says that
        /// none is to be sent.
        ///
        /// @throws UmemException USAGE if the key is not usable
        public static Options fromEnvironment(Map<String, String> environment) {
            String own = environment.get("UMEM_API_KEY");
            String key = own != null ? own : environment.getOrDefault("OPENAI_API_KEY", "");
            return defaults().withApiKey(key.isBlank() ? null : key.strip());
        }

        public Options withApiKey(@Nullable String key) {
            return new Options(concurrency, connectTimeout, requestTimeout, attempts, key);
        }

        public Options withConcurrency(int requests) {
            return new Options(requests, connectTimeout, requestTimeout, attempts, apiKey);
        }

        @Override
        public String toString() {
            return "Options[concurrency=" + concurrency + ", connectTimeout=" + connectTimeout + ", requestTimeout="
                    + requestTimeout + ", attempts=" + attempts + ", apiKey=" + (apiKey == null ? "none" : "set") + "]";
        }
    }

    private RemoteLanguageModel(Endpoint endpoint, ServedModel model, int concurrency, RemoteConnection connection) {
        this.endpoint = endpoint;
        this.model = model;
        this.concurrency = concurrency;
        this.connection = connection;
    }

    /// Whether a name of a model means an endpoint.
    public static boolean isReference(String reference) {
        return reference.regionMatches(true, 0, "http://", 0, 7) || reference.regionMatches(true, 0, "https://", 0, 8);
    }

    /// Opens a model by its name on the command line, `URL` or `URL#MODEL`.
    ///
    /// @throws UmemException as [#connect]
    public static RemoteLanguageModel open(String reference, Options options) {
        int hash = reference.indexOf('#');
        String address = hash < 0 ? reference : reference.substring(0, hash);
        String name = hash < 0 ? "" : reference.substring(hash + 1).strip();
        try {
            return connect(new URI(address.strip()), name.isEmpty() ? null : name, options);
        } catch (URISyntaxException e) {
            throw new UmemException(
                    ErrorKind.USAGE,
                    "the endpoint is no address (" + e.getReason() + "); write it like http://localhost:8080/v1#MODEL");
        }
    }

    /// Connects to an endpoint and asks it for its models.
    ///
    /// @param endpoint `http://host:8080`, `http://host:8080/v1`, or with the whole path `.../chat/completions`
    /// @param model the name of the model, or null for the first one that the endpoint lists
    /// @throws UmemException USAGE if the address is unusable, or a key would go unencrypted to another machine; REMOTE
    ///     if the endpoint does not answer or refuses
    public static RemoteLanguageModel connect(URI endpoint, @Nullable String model, Options options) {
        // Each call asks for the random generator of its own thread.
        RandomGenerator jitter = () -> ThreadLocalRandom.current().nextLong();
        return connect(endpoint, model, options, Thread::sleep, jitter);
    }

    /// @param pause waits between attempts
    /// @param jitter safe for all threads
    static RemoteLanguageModel connect(
            URI address,
            @Nullable String model,
            Options options,
            RemoteConnection.Pause pause,
            RandomGenerator jitter) {
        Endpoint endpoint = Endpoint.of(address);
        endpoint.requirePrivacyFor(options.apiKey());
        RemoteConnection connection = new RemoteConnection(options, pause, jitter);
        try {
            JsonNode list = connection.call(HttpRequest.newBuilder(endpoint.models()), new ModelList());
            return new RemoteLanguageModel(
                    endpoint, ServedModel.find(endpoint, list, model), options.concurrency(), connection);
        } catch (InterruptedException e) {
            connection.close();
            Thread.currentThread().interrupt();
            throw new UmemException(ErrorKind.INTERRUPTED, "connecting to " + endpoint + " was interrupted", e);
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    @Override
    public String name() {
        return model.name();
    }

    /// The endpoint, the model's name, and a hash of what `GET /models` told about it when connecting. A server that
    /// changes weights under the same name and description goes unnoticed.
    @Override
    public String fingerprint() {
        return model.fingerprint();
    }

    @Override
    public int parallelism() {
        return concurrency;
    }

    @Override
    public CompletableFuture<Generation> submit(GenerationRequest request, Consumer<String> listener) {
        return start(request, new StreamedAnswer(listener));
    }

    @Override
    public CompletableFuture<Generation> submit(GenerationRequest request) {
        return start(request, new WholeAnswer());
    }

    private CompletableFuture<Generation> start(
            GenerationRequest request, RemoteConnection.Reply<ChatProtocol.Completion> reply) {
        CompletableFuture<Generation> future = new CompletableFuture<>();
        Thread thread = Thread.ofVirtual().name("remote-generation").unstarted(() -> run(request, reply, future));
        running.add(future);
        future.whenComplete((generation, failure) -> {
            running.remove(future);
            if (failure != null && Thread.currentThread() != thread) {
                thread.interrupt();
            }
        });
        if (closed.get()) {
            future.completeExceptionally(closedFailure());
        } else {
            thread.start();
        }
        return future;
    }

    private void run(
            GenerationRequest request,
            RemoteConnection.Reply<ChatProtocol.Completion> reply,
            CompletableFuture<Generation> future) {
        try {
            String id = UUID.randomUUID().toString();
            byte[] body = ChatProtocol.request(model.name(), request, reply instanceof StreamedAnswer);
            ChatProtocol.Completion completion = connection.call(
                    HttpRequest.newBuilder(endpoint.chatCompletions())
                            .header("Content-Type", "application/json")
                            .header("Idempotency-Key", id)
                            .header("X-Request-Id", id)
                            .POST(BodyPublishers.ofByteArray(body)),
                    reply);
            if (!completion.isCounted() && uncounted.compareAndSet(false, true)) {
                LOG.log(System.Logger.Level.INFO, "{0} reports no token counts; they are taken as 0", endpoint);
            }
            future.complete(completion.generation());
        } catch (InterruptedException e) {
            future.completeExceptionally(
                    new UmemException(ErrorKind.INTERRUPTED, "the generation of " + name() + " was interrupted", e));
        } catch (UmemException e) {
            future.completeExceptionally(e);
        } catch (Throwable e) {
            future.completeExceptionally(
                    new UmemException(ErrorKind.INTERNAL, "a generation of " + name() + " failed: " + e, e));
        }
    }

    private UmemException closedFailure() {
        return new UmemException(ErrorKind.INTERRUPTED, "the language model " + name() + " was closed");
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            running.forEach(future -> future.completeExceptionally(closedFailure()));
            connection.close();
        }
    }

    private static byte[] bytes(InputStream body) throws IOException, RemoteFailure {
        byte[] bytes = body.readNBytes(LONGEST_ANSWER + 1);
        if (bytes.length > LONGEST_ANSWER) {
            throw RemoteFailure.transitory("the answer is longer than 16 MiB", null);
        }
        return bytes;
    }

    /// The list of models, missing where the endpoint has none.
    private static final class ModelList implements RemoteConnection.Reply<JsonNode> {
        @Override
        public boolean accepts(int status) {
            return status / 100 == 2 || isAbsent(status);
        }

        private static boolean isAbsent(int status) {
            return status == 404 || status == 405 || status == 501;
        }

        @Override
        public JsonNode read(HttpResponse<InputStream> response) throws IOException, RemoteFailure {
            return isAbsent(response.statusCode())
                    ? MissingNode.getInstance()
                    : ChatProtocol.answer(bytes(response.body()));
        }
    }

    private static final class WholeAnswer implements RemoteConnection.Reply<ChatProtocol.Completion> {
        @Override
        public ChatProtocol.Completion read(HttpResponse<InputStream> response) throws IOException, RemoteFailure {
            ChatProtocol.Completion completion = ChatProtocol.completion(ChatProtocol.answer(bytes(response.body())));
            completion.requireSuccess();
            return completion;
        }
    }
}
