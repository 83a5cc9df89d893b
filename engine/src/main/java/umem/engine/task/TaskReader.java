package umem.engine.task;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Reads tasks from a file: JSON lines, gzipped or not, or the Parquet schema of the published training code.
///
/// A line of JSON is recognised by its fields; see [TaskJson]. Blank lines and a byte order mark are skipped.
public final class TaskReader {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final int LONGEST_LINE = 16 << 20;

    private TaskReader() {}

    /// Reads all tasks of a file.
    ///
    /// @param file `*.jsonl`, `*.jsonl.gz` or `*.parquet`
    /// @throws UmemException of kind INPUT if the file is missing, malformed (the message names file, line and reason),
    ///     holds a task twice, or holds none
    public static List<Task> read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    "tasks file " + file + (Files.exists(file) ? " is not a file" : " does not exist"));
        }
        String name = file.getFileName().toString();
        List<Task> tasks = name.endsWith(".parquet") ? ParquetTasks.read(file) : readLines(file, name.endsWith(".gz"));
        if (tasks.isEmpty()) {
            throw new UmemException(ErrorKind.INPUT, "tasks file " + file + " holds no tasks");
        }
        return tasks;
    }

    private static List<Task> readLines(Path file, boolean zipped) {
        List<Task> tasks = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        try (InputStream raw = Files.newInputStream(file);
                InputStream stream = new BufferedInputStream(zipped ? new GZIPInputStream(raw) : raw, 1 << 16)) {
            int number = 0;
            for (byte[] line = line(stream, file + ":1");
                    line != null;
                    line = line(stream, file + ":" + (number + 1))) {
                number++;
                String at = file + ":" + number;
                String text = decode(line, at);
                if (number == 1 && text.startsWith("\uFEFF")) {
                    text = text.substring(1);
                }
                if (text.isBlank()) {
                    continue;
                }
                Task task = parse(text, at, "task-" + number);
                if (!ids.add(task.id())) {
                    throw malformed(at, "the id \"" + task.id() + "\" occurs a second time");
                }
                tasks.add(task);
            }
        } catch (IOException e) {
            throw new UmemException(ErrorKind.INPUT, "tasks file " + file + " cannot be read: " + e.getMessage(), e);
        }
        return tasks;
    }

    private static Task parse(String text, String at, String fallbackId) {
        try {
            JsonNode node = JSON.readTree(text);
            if (node == null || !node.isObject()) {
                throw malformed(at, "not a JSON object");
            }
            return TaskJson.read(node, fallbackId);
        } catch (JacksonException e) {
            throw malformed(at, "not valid JSON: " + e.getOriginalMessage());
        } catch (IllegalArgumentException e) {
            throw malformed(at, e.getMessage());
        }
    }

    private static String decode(byte[] line, String at) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(line))
                    .toString();
        } catch (CharacterCodingException e) {
            throw malformed(at, "not valid UTF-8");
        }
    }

    private static UmemException malformed(String at, @Nullable String reason) {
        return new UmemException(ErrorKind.INPUT, at + ": " + reason);
    }

    /// The bytes up to the next line feed, or null at the end.
    private static byte @Nullable [] line(InputStream stream, String at) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int b = stream.read();
        if (b < 0) {
            return null;
        }
        for (; b >= 0 && b != '\n'; b = stream.read()) {
            if (line.size() == LONGEST_LINE) {
                throw malformed(at, "the line is longer than " + (LONGEST_LINE >> 20) + " MiB");
            }
            line.write(b);
        }
        return line.toByteArray();
    }
}
