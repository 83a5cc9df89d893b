package umem.provision;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Files of the model hub, over HTTP with ranges. It gives up fast when the hub cannot be reached, since there are
/// other sources, and goes on patiently once bytes flow.
final class HubClient {
    private static final int ATTEMPTS = 4;
    private static final int REDIRECTS = 6;

    private final URI endpoint;
    private final @Nullable String token;
    private final HttpClient http;
    private final Duration pause;
    private final Duration stall;
    private volatile @Nullable String unreachable;

    /// @param endpoint the hub's address, as HF_ENDPOINT gives it
    /// @param token sent to the endpoint only, never to where it redirects; null for none
    /// @param connect limit for connecting
    /// @param pause before a second attempt; doubles with each
    /// @param stall limit without a byte
    HubClient(URI endpoint, @Nullable String token, Duration connect, Duration pause, Duration stall) {
        this.endpoint = endpoint;
        this.token = token;
        this.pause = pause;
        this.stall = stall;
        this.http = HttpClient.newBuilder()
                .connectTimeout(connect)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
    }

    /// Appends what the staged file lacks.
    ///
    /// @param size of the whole file in bytes, -1 where unknown
    void fetch(Source.Hub source, long size, StagedFile staged) throws IOException, SourceUnavailable {
        long lengthBefore = -1;
        int fruitless = 0;
        while (size < 0 || staged.length() < size) {
            fruitless = staged.length() > lengthBefore && lengthBefore >= 0 ? 1 : fruitless + 1;
            lengthBefore = staged.length();
            try {
                attempt(source, size, staged);
                return;
            } catch (Transient e) {
                if (fruitless == ATTEMPTS) {
                    throw new SourceUnavailable(e.getMessage() + " (" + ATTEMPTS + " attempts)");
                }
                sleep(pause.multipliedBy(1L << (fruitless - 1)));
            }
        }
    }

    /// What the hub says about a file before it sends it.
    ///
    /// @param sha256 null where the hub does not tell
    /// @param size in bytes
    record Description(@Nullable String sha256, OptionalLong size) {}

    /// Asks for checksum and size of a file.
    Description describe(Source.Hub source) throws IOException, SourceUnavailable {
        try {
            HttpResponse<InputStream> response = send(address(source), true, 0, true);
            response.body().close();
            if (response.statusCode() >= 400) {
                throw refusal(response.statusCode());
            }
            HttpHeaders headers = response.headers();
            String tag = headers.firstValue("X-Linked-ETag").orElse("").replace("\"", "");
            OptionalLong size = headers.firstValueAsLong("X-Linked-Size");
            return new Description(tag.matches("[0-9a-f]{64}") ? tag : null, size);
        } catch (Transient e) {
            throw new SourceUnavailable(String.valueOf(e.getMessage()));
        }
    }

    private void attempt(Source.Hub source, long size, StagedFile staged)
            throws IOException, SourceUnavailable, Transient {
        long from = staged.length();
        URI address = address(source);
        boolean withToken = true;
        for (int hop = 0; hop < REDIRECTS; hop++) {
            HttpResponse<InputStream> response = send(address, withToken, from, false);
            int status = response.statusCode();
            try (InputStream body = response.body()) {
                if (status >= 300 && status < 400) {
                    URI next = address.resolve(response.headers()
                            .firstValue("Location")
                            .orElseThrow(() -> new SourceUnavailable("HTTP " + status + " without a Location")));
                    withToken = withToken
                            && next.getScheme().equals(address.getScheme())
                            && String.valueOf(next.getAuthority()).equals(address.getAuthority());
                    address = next;
                    continue;
                }
                if (status == 416) {
                    staged.truncate(0);
                    throw new Transient("HTTP 416");
                }
                if (status == 429 || status >= 500) {
                    throw new Transient("HTTP " + status);
                }
                if (status != 200 && status != 206) {
                    throw refusal(status);
                }
                if (status == 200) {
                    staged.truncate(0);
                }
                long total = total(response.headers(), status == 206);
                if (size >= 0 && total >= 0 && total != size) {
                    throw new SourceUnavailable("has " + total + " bytes, not " + size);
                }
                append(body, staged);
                if (total >= 0 && staged.length() < total) {
                    throw new Transient("the connection closed at byte " + staged.length());
                }
                return;
            }
        }
        throw new SourceUnavailable("more than " + REDIRECTS + " redirects");
    }

    private SourceUnavailable refusal(int status) {
        String why = switch (status) {
            case 401, 403 ->
                token == null
                        ? ", the hub asks for a key: set HF_TOKEN to one that may read this file"
                        : ", the key in HF_TOKEN may not read this file";
            case 404 -> ", no such file on the hub";
            default -> "";
        };
        return new SourceUnavailable("HTTP " + status + why);
    }

    private static long total(HttpHeaders headers, boolean ranged) {
        if (ranged) {
            String range = headers.firstValue("Content-Range").orElse("");
            String total = range.substring(range.indexOf('/') + 1);
            return total.matches("\\d{1,18}") ? Long.parseLong(total) : -1;
        }
        return headers.firstValueAsLong("Content-Length").orElse(-1);
    }

    private void append(InputStream body, StagedFile staged) throws IOException, Transient {
        AtomicLong lastRead = new AtomicLong(System.nanoTime());
        Thread guard = Thread.ofVirtual().start(() -> closeWhenStalled(body, lastRead));
        try (WatchedStream in = new WatchedStream(body, lastRead)) {
            staged.append(in);
        } catch (StagedFile.ReadFailure e) {
            throw new Transient("the connection broke: " + e.getCause().getMessage());
        } finally {
            guard.interrupt();
        }
    }

    /// The client has no limit of its own for the time between two reads.
    private void closeWhenStalled(InputStream body, AtomicLong lastRead) {
        try {
            while (System.nanoTime() - lastRead.get() < stall.toNanos()) {
                TimeUnit.MILLISECONDS.sleep(Math.min(1000, stall.toMillis()));
            }
            body.close();
        } catch (InterruptedException | IOException e) {
            // Interrupted: the transfer is over. Failed to close: the reader has its exception already.
            Thread.currentThread().interrupt();
        }
    }

    private HttpResponse<InputStream> send(URI address, boolean withToken, long from, boolean head)
            throws IOException, SourceUnavailable, Transient {
        String dead = unreachable;
        if (dead != null) {
            throw new SourceUnavailable(dead);
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(30));
        if (head) {
            request.HEAD();
        }
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        if (withToken && token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (HttpConnectTimeoutException e) {
            throw unreachable(address, "does not answer");
        } catch (ConnectException e) {
            throw unreachable(
                    address, causedByUnknownHost(e) ? "the host name cannot be resolved" : "the connection is refused");
        } catch (IOException e) {
            throw new Transient(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UmemException(ErrorKind.INTERRUPTED, "interrupted while downloading", e);
        }
    }

    /// Remembers a dead endpoint, so that only the first of several models waits for it.
    private SourceUnavailable unreachable(URI address, String reason) {
        String text = address.getHost() + ": " + reason;
        if (String.valueOf(address.getHost()).equals(endpoint.getHost())) {
            unreachable = text;
        }
        return new SourceUnavailable(text);
    }

    private static boolean causedByUnknownHost(Throwable e) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof UnresolvedAddressException) {
                return true;
            }
        }
        return false;
    }

    private URI address(Source.Hub source) {
        String path = Arrays.stream((source.repository() + "/resolve/main/" + source.file()).split("/", -1))
                .map(s -> URLEncoder.encode(s, StandardCharsets.UTF_8).replace("+", "%20"))
                .collect(Collectors.joining("/"));
        String base = endpoint.toString();
        return URI.create((base.endsWith("/") ? base : base + "/") + path);
    }

    private static void sleep(Duration pause) {
        try {
            Thread.sleep(pause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UmemException(ErrorKind.INTERRUPTED, "interrupted while downloading", e);
        }
    }

    /// Worth another attempt.
    private static final class Transient extends Exception {
        private static final long serialVersionUID = 1L;

        Transient(String message) {
            super(message);
        }
    }

    private static final class WatchedStream extends java.io.FilterInputStream {
        private final AtomicLong lastRead;

        WatchedStream(InputStream in, AtomicLong lastRead) {
            super(in);
            this.lastRead = lastRead;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int n = super.read(buffer, offset, length);
            lastRead.set(System.nanoTime());
            return n;
        }
    }
}
