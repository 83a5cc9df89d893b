package umem.engine.language;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// An OpenAI-compatible server that misbehaves on demand. One request a connection; every byte is under the test's
/// control.
final class StubServer implements AutoCloseable {
    static final JsonMapper JSON = JsonMapper.shared();
    static final String MODELS =
            "{\"object\":\"list\",\"data\":[{\"id\":\"stub-1\",\"object\":\"model\",\"created\":%d,"
                    + "\"owned_by\":\"tests\"},{\"id\":\"stub-2\"}]}";

    private final ServerSocket server;
    private final Deque<Behaviour> next = new ArrayDeque<>();
    private volatile Behaviour models = json(200, MODELS.formatted(1));

    /// The requests for completions, in the order of their arrival.
    final List<Request> requests = new CopyOnWriteArrayList<>();

    /// The requests for the list of models.
    final List<Request> modelRequests = new CopyOnWriteArrayList<>();

    /// What to do with a request.
    interface Behaviour {
        void answer(Request request, Connection connection) throws Exception;
    }

    record Request(String method, String path, Map<String, String> headers, JsonNode body) {
        String header(String name) {
            return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
        }
    }

    record Connection(InputStream in, OutputStream out) {
        void send(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        }

        void chunk(byte[] bytes) throws IOException {
            send(Integer.toHexString(bytes.length) + "\r\n");
            out.write(bytes);
            send("\r\n");
        }

        /// Waits until the client is gone.
        void awaitEnd() throws IOException {
            try {
                while (in.read() >= 0) {}
            } catch (IOException e) {
                // A reset is an end too.
            }
        }
    }

    StubServer() throws IOException {
        server = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + server.getLocalPort());
    }

    /// Behaves like this once each, in this order; the last one stays.
    StubServer then(Behaviour... behaviours) {
        synchronized (next) {
            next.addAll(List.of(behaviours));
        }
        return this;
    }

    /// Behaves like this from now on.
    StubServer only(Behaviour behaviour) {
        synchronized (next) {
            next.clear();
            next.add(behaviour);
        }
        return this;
    }

    StubServer listing(Behaviour behaviour) {
        models = behaviour;
        return this;
    }

    static Behaviour json(int status, String body, String... headers) {
        return (request, connection) -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            connection.send(head(status, headers) + "Content-Length: " + bytes.length + "\r\n\r\n");
            connection.out().write(bytes);
        };
    }

    static Behaviour completion(String text) {
        return json(200, completionJson(text, "stop"));
    }

    static String completionJson(String text, String finish) {
        return "{\"id\":\"x\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                + "\"content\":" + JSON.writeValueAsString(text) + "},\"finish_reason\":\"" + finish
                + "\"}],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":5,\"total_tokens\":16}}";
    }

    /// Server-sent events, whole, in chunks of one event each.
    static Behaviour events(String... data) {
        return (request, connection) -> {
            connection.send(head(200, "Content-Type: text/event-stream", "Transfer-Encoding: chunked") + "\r\n");
            for (String one : data) {
                connection.chunk(("data: " + one + "\n\n").getBytes(StandardCharsets.UTF_8));
            }
            connection.send("0\r\n\r\n");
        };
    }

    static String delta(String text) {
        return "{\"choices\":[{\"index\":0,\"delta\":{\"content\":" + JSON.writeValueAsString(text)
                + "},\"finish_reason\":null}]}";
    }

    static String finish(String reason) {
        return "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" + reason + "\"}]}";
    }

    static String usage() {
        return "{\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}";
    }

    static String head(int status, String... headers) {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Stub\r\nConnection: close\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        return head.toString();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            Connection connection = new Connection(in, socket.getOutputStream());
            Request request = read(in);
            if (request.path().endsWith("/models")) {
                modelRequests.add(request);
                models.answer(request, connection);
            } else {
                requests.add(request);
                behaviour().answer(request, connection);
            }
            connection.out().flush();
            socket.shutdownOutput();
            connection.awaitEnd();
        } catch (Exception e) {
            // The client sees the end of the connection, which is what tests look at.
        }
    }

    private Behaviour behaviour() {
        synchronized (next) {
            return next.size() > 1 ? next.removeFirst() : next.getFirst();
        }
    }

    private static Request read(InputStream in) throws IOException {
        String[] first = line(in).split(" ");
        Map<String, String> headers = new TreeMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        byte[] body = in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
        return new Request(
                first[0], first[1], headers, body.length == 0 ? JSON.createObjectNode() : JSON.readTree(body));
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new IOException("the client left");
            }
            line.write(b);
        }
        return line.toString(StandardCharsets.UTF_8).strip();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
