package umem.engine.language;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Calls to one endpoint: so many at once and no more, each within a time limit, and tried again where that may help.
///
/// Safe for all threads. The API key appears in no message, log line or exception, also when the server repeats it.
final class RemoteConnection implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(RemoteLanguageModel.class.getName());
    private static final int LONGEST_ERROR = 64 << 10;

    private final RemoteLanguageModel.Options options;
    private final Pause pause;
    private final Backoff backoff;
    private final Semaphore slots;
    private final HttpClient http;

    /// Waits between attempts; tests wait in their own way.
    @FunctionalInterface
    interface Pause {
        void await(Duration delay) throws InterruptedException;
    }

    /// How the answer to a call is read.
    interface Reply<T> {
        /// Whether answers with this status can be read; the others are failures.
        default boolean accepts(int status) {
            return status / 100 == 2;
        }

        /// @throws RemoteFailure if the answer is of no use
        T read(HttpResponse<InputStream> response) throws IOException, RemoteFailure;

        /// Whether nothing has been handed on yet, so that a failed attempt may be repeated.
        default boolean isRepeatable() {
            return true;
        }
    }

    /// @param random for the jitter, safe for all threads
    RemoteConnection(RemoteLanguageModel.Options options, Pause pause, RandomGenerator random) {
        this.options = options;
        this.pause = pause;
        this.backoff = new Backoff(random);
        this.slots = new Semaphore(options.concurrency(), true);
        this.http = HttpClient.newBuilder()
                // The upgrade to HTTP/2 over plain http confuses some servers.
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(options.connectTimeout())
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
    }

    /// Makes a call, and repeats it while that may help.
    ///
    /// @throws UmemException REMOTE if the endpoint refuses, or fails in every attempt
    /// @throws InterruptedException if the thread is interrupted; the exchange is aborted then
    <T> T call(HttpRequest.Builder builder, Reply<T> reply) throws InterruptedException {
        if (options.apiKey() != null) {
            builder.setHeader("Authorization", "Bearer " + options.apiKey());
        }
        HttpRequest request = builder.setHeader("User-Agent", "umem")
                .timeout(options.requestTimeout())
                .build();
        for (int attempt = 1; ; attempt++) {
            RemoteFailure failure;
            slots.acquire();
            try {
                return attempt(request, reply);
            } catch (RemoteFailure e) {
                failure = e;
            } finally {
                slots.release();
            }
            if (!failure.isTransitory() || !reply.isRepeatable() || attempt == options.attempts()) {
                throw failure(request, failure, attempt, reply.isRepeatable());
            }
            Duration delay = backoff.delay(attempt, failure.retryAfter());
            LOG.log(
                    System.Logger.Level.INFO,
                    "{0}: {1}; attempt {2} of {3} follows in {4} s",
                    request.uri(),
                    redacted(failure.reason()),
                    attempt + 1,
                    options.attempts(),
                    RemoteFailure.seconds(delay));
            pause.await(delay);
        }
    }

    private <T> T attempt(HttpRequest request, Reply<T> reply) throws RemoteFailure, InterruptedException {
        long end = System.nanoTime() + options.requestTimeout().toNanos();
        AtomicBoolean late = new AtomicBoolean();
        try {
            // The request's own timeout ends with the headers; the guard is for the body.
            HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                Future<?> guard = ForkJoinPool.commonPool()
                        .schedule(() -> expire(body, late), end - System.nanoTime(), TimeUnit.NANOSECONDS);
                try {
                    if (!reply.accepts(response.statusCode())) {
                        throw refusal(response);
                    }
                    return reply.read(response);
                } finally {
                    guard.cancel(false);
                }
            }
        } catch (IOException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            throw late.get()
                    ? RemoteFailure.timeout(options.requestTimeout(), e)
                    : RemoteFailure.connection(e, options.requestTimeout());
        } catch (RemoteFailure e) {
            // A body that was closed on expiry looks cut off.
            throw late.get() ? RemoteFailure.timeout(options.requestTimeout(), e) : e;
        }
    }

    private static void expire(InputStream body, AtomicBoolean late) {
        late.set(true);
        try {
            body.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "closing a late answer", e);
        }
    }

    private static RemoteFailure refusal(HttpResponse<InputStream> response) {
        String detail;
        try {
            detail = ChatProtocol.detail(response.body().readNBytes(LONGEST_ERROR));
        } catch (IOException e) {
            detail = "";
        }
        @Nullable
        Duration retryAfter =
                Backoff.retryAfter(response.headers().firstValue("Retry-After").orElse(null), Instant.now());
        return RemoteFailure.status(response.statusCode(), detail, retryAfter);
    }

    private UmemException failure(HttpRequest request, RemoteFailure failure, int attempts, boolean repeatable) {
        String reason = redacted(failure.reason());
        String message;
        if (!repeatable) {
            message = request.uri() + " broke off in the middle of an answer: " + reason + "; run it again";
        } else if (!failure.isTransitory()) {
            message = request.uri() + ": " + reason;
        } else {
            message = request.uri() + " failed " + (attempts == 1 ? "in 1 attempt" : "in " + attempts + " attempts")
                    + ", the last time because of: " + reason + "; check that the server runs and has room, then run"
                    + " it again";
        }
        return new UmemException(ErrorKind.REMOTE, message, failure.getCause());
    }

    private String redacted(String text) {
        return options.apiKey() == null ? text : text.replace(options.apiKey(), "[API key]");
    }

    /// Aborts what runs. Idempotent.
    @Override
    public void close() {
        http.shutdownNow();
    }
}
