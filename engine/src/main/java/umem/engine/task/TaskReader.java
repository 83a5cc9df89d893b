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
/// A line of JSON is recognised by its fields; see [TaskJson], and [PublishedRow] for the published form as JSON. Blank
/// lines and a byte order mark are skipped.
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
        requireFile(file);
        String name = file.getFileName().toString();
        List<Task> tasks = name.endsWith(".parquet") ? ParquetTasks.read(file) : readLines(file, name.endsWith(".gz"));
        if (tasks.isEmpty()) {
            throw new UmemException(ErrorKind.INPUT, "tasks file " + file + " holds no tasks");
        }
        return tasks;
    }

    private static void requireFile(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    "tasks file " + file + (Files.exists(file) ? " is not a file" : " does not exist"));
        }
    }

    /// Reads a file in the published form with the neighbours that it names, JSON lines or Parquet; see
    /// [PublishedRow].
    ///
    /// @return the rows; a neighbour that is itself a row has that row's id, one that is none has one id wherever it
    ///     occurs
    /// @throws UmemException of kind INPUT as [#read], or if a row is of another form or its `similar_*` columns do not
    ///     fit together
    public static List<PublishedRow> readPublished(Path file) {
        requireFile(file);
        String name = file.getFileName().toString();
        List<PublishedRow> rows = new ArrayList<>();
        if (name.endsWith(".parquet")) {
            rows.addAll(ParquetTasks.readPublished(file));
        } else {
            Set<String> ids = new HashSet<>();
            objects(file, name.endsWith(".gz"), (node, number) -> {
                if (!PublishedRow.is(node)) {
                    throw new IllegalArgumentException("not a row of the published form: \"extra_info\" is missing");
                }
                PublishedRow row = PublishedRow.read(node, rows.size(), true);
                requireNew(ids, row.task().id());
                rows.add(row);
            });
        }
        if (rows.isEmpty()) {
            throw new UmemException(ErrorKind.INPUT, "tasks file " + file + " holds no tasks");
        }
        return PublishedRow.resolved(rows);
    }

    private static List<Task> readLines(Path file, boolean zipped) {
        List<Task> tasks = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        objects(file, zipped, (node, number) -> {
            Task task = PublishedRow.is(node)
                    ? PublishedRow.read(node, tasks.size(), false).task()
                    : TaskJson.read(node, "task-" + number);
            requireNew(ids, task.id());
            tasks.add(task);
        });
        return tasks;
    }

    private static void requireNew(Set<String> ids, String id) {
        if (!ids.add(id)) {
            throw new IllegalArgumentException("the id \"" + id + "\" occurs a second time");
        }
    }

    /// What is done with one line.
    @FunctionalInterface
    private interface Line {
        /// @throws IllegalArgumentException with what is wrong with the object
        void accept(JsonNode node, int number);
    }

    private static void objects(Path file, boolean zipped, Line each) {
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
                parse(text, at, number, each);
            }
        } catch (IOException e) {
            throw new UmemException(ErrorKind.INPUT, "tasks file " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static void parse(String text, String at, int number, Line each) {
        try {
            JsonNode node = JSON.readTree(text);
            if (node == null || !node.isObject()) {
                throw malformed(at, "not a JSON object");
            }
            each.accept(node, number);
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
