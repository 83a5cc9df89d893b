package umem.provision;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;

/// A model hub on the loopback device that misbehaves as told: the first answers are scripted, the last one is for all
/// requests that follow.
final class LoopbackHub implements AutoCloseable {
    private final ServerSocket socket = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    private final Queue<Answer> answers = new ArrayDeque<>();
    private final List<Request> requests = new ArrayList<>();
    private final List<Socket> open = new ArrayList<>();

    /// @param headers by lower-case name
    record Request(String method, String path, Map<String, String> headers) {
        String header(String name) {
            return headers.getOrDefault(name, "");
        }

        /// The first byte that is asked for, 0 without a range.
        int from() {
            String range = header("range");
            return range.isEmpty() ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
        }
    }

    @FunctionalInterface
    interface Answer {
        void send(Request request, OutputStream out) throws IOException;
    }

    LoopbackHub(Answer... answers) throws IOException {
        this.answers.addAll(List.of(answers));
        Thread.ofVirtual().start(this::accept);
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + socket.getLocalPort());
    }

    synchronized List<Request> requests() {
        return List.copyOf(requests);
    }

    /// The whole file, or the range that was asked for.
    static Answer file(byte[] bytes) {
        return cutAfter(bytes, Integer.MAX_VALUE);
    }

    /// Like [#file], but the connection closes after so many bytes of the body.
    static Answer cutAfter(byte[] bytes, int length) {
        return (request, out) -> {
            int from = request.from();
            String head = from == 0
                    ? "HTTP/1.1 200 OK\r\n"
                    : "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + from + "-" + (bytes.length - 1) + "/"
                            + bytes.length + "\r\n";
            head(out, head + "Content-Length: " + (bytes.length - from) + "\r\n");
            if (!request.method().equals("HEAD")) {
                out.write(bytes, from, Math.min(length, bytes.length - from));
            }
        };
    }

    /// The whole file whatever is asked for.
    static Answer ignoringRanges(byte[] bytes) {
        return (request, out) -> {
            head(out, "HTTP/1.1 200 OK\r\nContent-Length: " + bytes.length + "\r\n");
            out.write(bytes);
        };
    }

    /// Like [#cutAfter], but the connection stays open and silent.
    static Answer silentAfter(byte[] bytes, int length) {
        return (request, out) -> {
            cutAfter(bytes, length).send(request, out);
            out.flush();
            try {
                Thread.sleep(60_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
    }

    static Answer status(int code, String... headers) {
        return (request, out) ->
                head(out, "HTTP/1.1 " + code + " Status\r\nContent-Length: 0\r\n" + String.join("", lines(headers)));
    }

    private static List<String> lines(String... headers) {
        return java.util.Arrays.stream(headers).map(h -> h + "\r\n").toList();
    }

    private static void head(OutputStream out, String lines) throws IOException {
        out.write((lines + "Connection: close\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    private void accept() {
        try {
            while (true) {
                Socket connection = socket.accept();
                synchronized (this) {
                    open.add(connection);
                }
                Thread.ofVirtual().start(() -> answer(connection));
            }
        } catch (IOException closed) {
            // The test is over.
            return;
        }
    }

    private void answer(Socket connection) {
        try (connection) {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1));
            String line = in.readLine();
            if (line == null) {
                return;
            }
            String[] words = line.split(" ", -1);
            Map<String, String> headers = new TreeMap<>();
            for (line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
                int colon = line.indexOf(':');
                headers.put(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
            Request request = new Request(words[0], words[1], headers);
            Answer answer;
            synchronized (this) {
                requests.add(request);
                answer = answers.size() > 1 ? answers.remove() : answers.element();
            }
            OutputStream out = connection.getOutputStream();
            answer.send(request, out);
            out.flush();
        } catch (SocketException gone) {
            // The client was killed, or closed early.
            return;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        socket.close();
        for (Socket connection : open) {
            connection.close();
        }
    }
}
