package umem.engine.memory;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Banks in the form of the published code, `memory.jsonl`: one object a line, `{"id": "...", "key": "...", "value":
/// ["...", ...], "usage_count": 0, "reward_score": 0.0}`.
///
/// The form knows neither versions nor provenance, so an exported entry comes back in version 1, imported. Reading asks
/// for `key` and `value`; a missing `id` is given, missing numbers are 0, other fields are passed over.
public final class BankExchange {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private BankExchange() {}

    /// Imports all memories of a file into a bank, or none.
    ///
    /// @return the entries as they are in the bank
    /// @throws UmemException of kind INPUT if the file is missing or malformed (the message names file, line and
    ///     reason); otherwise as [MemoryBank#importEntries]
    public static List<MemoryEntry> importInto(MemoryBank bank, Path file) {
        return bank.importEntries(read(file));
    }

    /// Reads all memories of a file.
    ///
    /// @return entries in version 1; the id is empty where the file has none
    /// @throws UmemException of kind INPUT if the file is missing or malformed (the message names file, line and
    ///     reason)
    public static List<MemoryEntry> read(Path file) {
        if (!Files.exists(file) || Files.isDirectory(file)) {
            throw new UmemException(
                    ErrorKind.INPUT, "memory file " + file + (Files.exists(file) ? " is a folder" : " does not exist"));
        }
        Provenance provenance = Provenance.imported(Instant.now());
        List<MemoryEntry> entries = new ArrayList<>();
        try (InputStream stream = Files.newInputStream(file)) {
            Lines lines = new Lines(stream);
            long number = 0;
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                number++;
                if (!isBlank(line)) {
                    entries.add(entry(line, file + ":" + number, provenance));
                }
            }
        } catch (IOException e) {
            throw new UmemException(ErrorKind.INPUT, "memory file " + file + " cannot be read: " + e.getMessage(), e);
        }
        return entries;
    }

    /// Writes entries to a file, which is replaced at once when all is on disk, or not at all. What is no regular file,
    /// such as a pipe, is written to as it is.
    ///
    /// @throws UmemException of kind STORAGE if the file cannot be written
    public static void export(List<MemoryEntry> entries, Path file) {
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                try (OutputStream stream = new BufferedOutputStream(Files.newOutputStream(file))) {
                    write(entries, stream);
                }
                return;
            }
            Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
            Path staged = Files.createTempFile(
                    target.getParent(), target.getFileName().toString(), ".new");
            try {
                try (FileChannel channel = FileChannel.open(staged, StandardOpenOption.WRITE);
                        OutputStream stream = new BufferedOutputStream(Channels.newOutputStream(channel))) {
                    write(entries, stream);
                    stream.flush();
                    channel.force(true);
                }
                Files.move(staged, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(staged);
            }
        } catch (IOException e) {
            throw new UmemException(
                    ErrorKind.STORAGE,
                    "memory file " + file + " cannot be written: "
                            + e.getClass().getSimpleName() + ": " + e.getMessage()
                            + "; check folder, space and permissions",
                    e);
        }
    }

    private static void write(List<MemoryEntry> entries, OutputStream stream) throws IOException {
        for (MemoryEntry entry : entries) {
            ObjectNode node = JSON.createObjectNode().put("id", entry.id()).put("key", entry.key());
            entry.values().forEach(node.putArray("value")::add);
            node.put("usage_count", entry.usageCount()).put("reward_score", entry.reward());
            stream.write(JSON.writeValueAsBytes(node));
            stream.write('\n');
        }
    }

    private static MemoryEntry entry(byte[] line, String at, Provenance provenance) {
        try {
            JsonNode node = JSON.readTree(line);
            if (!node.isObject()) {
                throw new IllegalArgumentException("not a JSON object");
            }
            return new MemoryEntry(id(node), 1, key(node), values(node), usageCount(node), reward(node), provenance);
        } catch (JacksonException e) {
            throw new UmemException(ErrorKind.INPUT, at + ": not valid JSON: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new UmemException(ErrorKind.INPUT, at + ": " + e.getMessage(), e);
        }
    }

    private static String id(JsonNode node) {
        JsonNode id = node.path("id");
        require(id.isString() || id.isMissingNode() || id.isNull(), "\"id\" is not a text");
        return id.isString() ? id.stringValue().strip() : "";
    }

    private static String key(JsonNode node) {
        JsonNode key = node.path("key");
        require(key.isString() && !key.stringValue().isBlank(), "\"key\" is missing, blank or not a text");
        return key.stringValue();
    }

    private static List<String> values(JsonNode node) {
        JsonNode value = node.path("value");
        require(value.isArray() && !value.isEmpty(), "\"value\" is missing, empty or not a list");
        List<String> values = new ArrayList<>();
        for (JsonNode element : value) {
            require(
                    element.isString() && !element.stringValue().isBlank(),
                    "\"value\" number " + (values.size() + 1) + " is blank or not a text");
            values.add(element.stringValue());
        }
        return values;
    }

    private static long usageCount(JsonNode node) {
        JsonNode count = node.path("usage_count");
        if (count.isMissingNode()) {
            return 0;
        }
        // Python writes a count as 3.0 once it has been through a float.
        require(
                count.isNumber()
                        && count.doubleValue() >= 0
                        && count.doubleValue() <= 1L << 53
                        && count.doubleValue() == Math.rint(count.doubleValue()),
                "\"usage_count\" is not a whole number from 0 up");
        return (long) count.doubleValue();
    }

    private static double reward(JsonNode node) {
        JsonNode reward = node.path("reward_score");
        if (reward.isMissingNode()) {
            return 0;
        }
        require(reward.isNumber() && Double.isFinite(reward.doubleValue()), "\"reward_score\" is not a finite number");
        return reward.doubleValue();
    }

    private static void require(boolean condition, String problem) {
        if (!condition) {
            throw new IllegalArgumentException(problem);
        }
    }

    private static boolean isBlank(byte[] line) {
        for (byte b : line) {
            if (b != ' ' && b != '\t' && b != '\r') {
                return false;
            }
        }
        return true;
    }
}
