package umem.engine.recording;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.json.JsonMapper;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// One file of a [Recording]: a head, then answers by the hash of what was asked. Safe for all threads.
///
/// @param <A> an answer
final class Tape<A> implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .build();

    /// What was recorded.
    ///
    /// @param name of the model
    /// @param fingerprint of the model
    /// @param size its parallelism, or its dimension
    record Head(String name, String fingerprint, int size) {}

    private record Line<A>(String key, A answer) {}

    private final Path file;
    private final Head head;
    private final Map<String, A> answers;
    private final @Nullable BufferedWriter writer;

    private Tape(Path file, Head head, Map<String, A> answers, @Nullable BufferedWriter writer) {
        this.file = file;
        this.head = head;
        this.answers = answers;
        this.writer = writer;
    }

    /// Opens a recording that is there.
    ///
    /// @throws UmemException of kind INPUT if there is none, or it is none; STORAGE if it cannot be read
    static <A> Tape<A> replay(Path file, Class<A> type) {
        Map<String, A> answers = new HashMap<>();
        Head head = read(file, type, answers, new long[1]);
        if (head == null) {
            throw new UmemException(ErrorKind.INPUT, "the recording " + file + " is empty");
        }
        return new Tape<>(file, head, answers, null);
    }

    /// Opens a recording to go on with, or begins one.
    ///
    /// @throws UmemException of kind INPUT if it is of another model; STORAGE if it cannot be read or written
    static <A> Tape<A> record(Path file, Class<A> type, Head head) {
        Map<String, A> answers = new HashMap<>();
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            long[] end = new long[1];
            Head before = Files.exists(file) ? read(file, type, answers, end) : null;
            if (before != null && !before.equals(head)) {
                throw new UmemException(
                        ErrorKind.INPUT,
                        "the recording " + file + " is of " + before.name() + " (" + before.fingerprint() + "), not of "
                                + head.name() + " (" + head.fingerprint() + "); record into another folder");
            }
            try (var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.truncate(end[0]);
            }
            BufferedWriter writer = Files.newBufferedWriter(file, StandardOpenOption.APPEND);
            Tape<A> tape = new Tape<>(file, head, answers, writer);
            if (before == null) {
                tape.write(head);
            }
            return tape;
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, "cannot record to " + file + ": " + e, e);
        }
    }

    /// @param end receives the length of what is whole
    private static <A> @Nullable Head read(Path file, Class<A> type, Map<String, A> answers, long[] end) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new UmemException(ErrorKind.INPUT, "the recording has no file " + file, e);
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, "cannot read the recording " + file + ": " + e, e);
        }
        JavaType line = JSON.getTypeFactory().constructParametricType(Line.class, type);
        Head head = null;
        int from = 0;
        int number = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] != '\n') {
                continue;
            }
            number++;
            try {
                if (head == null) {
                    head = JSON.readValue(bytes, from, i - from, Head.class);
                } else {
                    Line<A> read = JSON.readValue(bytes, from, i - from, line);
                    answers.putIfAbsent(read.key(), read.answer());
                }
            } catch (JacksonException e) {
                throw new UmemException(ErrorKind.INPUT, "the recording " + file + " is damaged in line " + number, e);
            }
            from = i + 1;
            end[0] = from;
        }
        return head;
    }

    Head head() {
        return head;
    }

    /// What was recorded for a key, or null.
    synchronized @Nullable A find(String key) {
        return answers.get(key);
    }

    /// The error for a question that was never asked when the recording was made.
    UmemException missing() {
        return new UmemException(
                ErrorKind.INPUT,
                "the recording " + file + " does not hold the answer to what is asked now: options, tasks or prompts"
                        + " differ from those of the recorded run");
    }

    synchronized void add(String key, A answer) {
        if (answers.putIfAbsent(key, answer) == null) {
            write(new Line<>(key, answer));
        }
    }

    private void write(Object value) {
        if (writer == null) {
            throw new IllegalStateException("a replay records nothing");
        }
        try {
            writer.write(JSON.writeValueAsString(value));
            writer.write('\n');
            writer.flush();
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, "cannot record to " + file + ": " + e, e);
        }
    }

    /// The hash of texts, each with its length before it.
    static String key(Iterable<String> parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String part : parts) {
                byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
                digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
                digest.update(bytes);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public synchronized void close() {
        if (writer != null) {
            try {
                writer.close();
            } catch (IOException e) {
                throw new UmemException(ErrorKind.STORAGE, "cannot record to " + file + ": " + e, e);
            }
        }
    }
}
