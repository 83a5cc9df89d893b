package umem.engine.memory;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The lines of `events.jsonl`: UTF-8, one JSON object a line, each ending in a line feed.
///
/// Every object starts with `seq` and ends with `crc`, the CRC32C (eight hexadecimal digits) of the bytes of the line
/// before `,"crc"`. The first line is the header, number 0, with the version of the format; event n is on line n + 1.
final class EventJson {
    static final int FORMAT = 1;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final byte[] CRC_START = ",\"crc\":\"".getBytes(StandardCharsets.UTF_8);
    private static final int CRC_LENGTH = CRC_START.length + 8 + 2;

    private EventJson() {}

    /// A line that is not what was written, and why.
    static final class Damaged extends Exception {
        private static final long serialVersionUID = 1L;

        Damaged(String reason) {
            super(reason);
        }
    }

    /// The first line of a log, line feed included.
    static byte[] header(Instant at) {
        return line(object(0, at, "create").put("format", FORMAT));
    }

    /// Checks the first line of a log.
    static void checkHeader(byte[] line) throws Damaged {
        JsonNode node = object(line);
        if (sequence(node) != 0 || !text(node, "event").equals("create")) {
            throw new Damaged("it is not the header of a log");
        }
        if (number(node, "format") != FORMAT) {
            throw new Damaged("it announces format " + number(node, "format") + ", and this version of UMEM reads "
                    + FORMAT + "; use the version that wrote it");
        }
    }

    /// The line of an event, line feed included.
    static byte[] write(BankEvent event) {
        return line(
                switch (event) {
                    case BankEvent.Added added -> object(added, "add").set("entry", entry(added.entry()));
                    case BankEvent.Updated updated -> object(updated, "update").set("entry", entry(updated.entry()));
                    case BankEvent.Imported imported -> {
                        ObjectNode node = object(imported, "import");
                        ArrayNode entries = node.putArray("entries");
                        imported.entries().forEach(entry -> entries.add(entry(entry)));
                        yield node;
                    }
                    case BankEvent.Used used -> {
                        ObjectNode node = object(used, "use");
                        used.ids().forEach(node.putArray("ids")::add);
                        yield node;
                    }
                    case BankEvent.RolledBack back -> object(back, "rollback").put("to", back.to());
                });
    }

    /// Reads a line, without its line feed.
    static BankEvent read(byte[] line) throws Damaged {
        JsonNode node = object(line);
        long sequence = sequence(node);
        Instant at = instant(node, "at");
        return switch (text(node, "event")) {
            case "add" -> new BankEvent.Added(sequence, at, entry(node.path("entry")));
            case "update" -> new BankEvent.Updated(sequence, at, entry(node.path("entry")));
            case "import" -> {
                List<MemoryEntry> entries = new ArrayList<>();
                for (JsonNode entry : array(node, "entries")) {
                    entries.add(entry(entry));
                }
                yield new BankEvent.Imported(sequence, at, entries);
            }
            case "use" -> new BankEvent.Used(sequence, at, texts(node, "ids"));
            case "rollback" -> new BankEvent.RolledBack(sequence, at, number(node, "to"));
            default -> throw new Damaged("its event \"" + text(node, "event") + "\" is unknown");
        };
    }

    private static ObjectNode object(BankEvent event, String name) {
        return object(event.sequence(), event.at(), name);
    }

    private static ObjectNode object(long sequence, Instant at, String name) {
        return JSON.createObjectNode()
                .put("seq", sequence)
                .put("at", at.toString())
                .put("event", name);
    }

    private static ObjectNode entry(MemoryEntry entry) {
        ObjectNode node = JSON.createObjectNode()
                .put("id", entry.id())
                .put("version", entry.version())
                .put("key", entry.key());
        entry.values().forEach(node.putArray("values")::add);
        Provenance provenance = entry.provenance();
        node.put("usage_count", entry.usageCount())
                .put("reward", entry.reward())
                .putObject("provenance")
                .put("task", provenance.taskId())
                .put("trajectory", provenance.trajectorySha256())
                .put("executor", provenance.executor())
                .put("optimizer", provenance.optimizer())
                .put("step", provenance.step())
                .put("created", provenance.createdAt().toString());
        return node;
    }

    private static MemoryEntry entry(JsonNode node) throws Damaged {
        JsonNode provenance = node.path("provenance");
        return new MemoryEntry(
                text(node, "id"),
                Math.toIntExact(number(node, "version")),
                text(node, "key"),
                texts(node, "values"),
                number(node, "usage_count"),
                real(node, "reward"),
                new Provenance(
                        text(provenance, "task"),
                        text(provenance, "trajectory"),
                        text(provenance, "executor"),
                        text(provenance, "optimizer"),
                        number(provenance, "step"),
                        instant(provenance, "created")));
    }

    private static byte[] line(JsonNode object) {
        byte[] json = JSON.writeValueAsBytes(object);
        ByteArrayOutputStream line = new ByteArrayOutputStream(json.length + CRC_LENGTH + 1);
        line.write(json, 0, json.length - 1);
        String crc = HexFormat.of().toHexDigits(crc(json, json.length - 1));
        line.writeBytes(CRC_START);
        line.writeBytes((crc + "\"}\n").getBytes(StandardCharsets.US_ASCII));
        return line.toByteArray();
    }

    /// Whether a line is as it was written.
    static boolean isIntact(byte[] line) {
        try {
            object(line);
            return true;
        } catch (Damaged e) {
            return false;
        }
    }

    private static JsonNode object(byte[] line) throws Damaged {
        int rest = line.length - CRC_LENGTH;
        if (rest < 2) {
            throw new Damaged("it is cut short");
        }
        String expected = HexFormat.of().toHexDigits(crc(line, rest));
        String found = new String(line, rest, CRC_LENGTH, StandardCharsets.ISO_8859_1);
        if (!found.equals(",\"crc\":\"" + expected + "\"}")) {
            throw new Damaged("its checksum does not match");
        }
        try {
            return JSON.readTree(line);
        } catch (JacksonException e) {
            throw new Damaged("it is not valid JSON: " + e.getOriginalMessage());
        }
    }

    private static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    private static long sequence(JsonNode node) throws Damaged {
        return number(node, "seq");
    }

    private static String text(JsonNode node, String field) throws Damaged {
        JsonNode value = node.path(field);
        if (!value.isString()) {
            throw new Damaged("its field " + field + " is not a text");
        }
        return value.stringValue();
    }

    private static long number(JsonNode node, String field) throws Damaged {
        JsonNode value = node.path(field);
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw new Damaged("its field " + field + " is not a whole number");
        }
        return value.longValue();
    }

    private static double real(JsonNode node, String field) throws Damaged {
        JsonNode value = node.path(field);
        if (!value.isNumber()) {
            throw new Damaged("its field " + field + " is not a number");
        }
        return value.doubleValue();
    }

    private static Instant instant(JsonNode node, String field) throws Damaged {
        try {
            return Instant.parse(text(node, field));
        } catch (DateTimeException e) {
            throw new Damaged("its field " + field + " is not a time");
        }
    }

    private static JsonNode array(JsonNode node, String field) throws Damaged {
        JsonNode value = node.path(field);
        if (!value.isArray()) {
            throw new Damaged("its field " + field + " is not a list");
        }
        return value;
    }

    private static List<String> texts(JsonNode node, String field) throws Damaged {
        List<String> texts = new ArrayList<>();
        for (JsonNode text : array(node, field)) {
            if (!text.isString()) {
                throw new Damaged("its field " + field + " holds something that is not a text");
            }
            texts.add(text.stringValue());
        }
        return texts;
    }
}
