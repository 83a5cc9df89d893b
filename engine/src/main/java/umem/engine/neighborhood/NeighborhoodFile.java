package umem.engine.neighborhood;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import umem.engine.task.AtomicLines;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Neighbourhoods on disk, one task a line: `{"id": "q", "neighbors": [{"id": "r", "similarity": 0.83}, ...]}`, best
/// first. Blank lines are skipped; the similarity may be missing.
final class NeighborhoodFile {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private NeighborhoodFile() {}

    static void write(Map<String, List<Neighbor>> byTask, Path file) {
        AtomicLines.write(file, "neighbourhoods", byTask.entrySet(), entry -> {
            ObjectNode node = JSON.createObjectNode().put("id", entry.getKey());
            ArrayNode neighbors = node.putArray("neighbors");
            for (Neighbor neighbor : entry.getValue()) {
                ObjectNode object = neighbors.addObject().put("id", neighbor.id());
                if (!Float.isNaN(neighbor.similarity())) {
                    object.put("similarity", neighbor.similarity());
                }
            }
            return JSON.writeValueAsString(node);
        });
    }

    static Neighborhoods read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    "neighbourhoods file " + file + (Files.exists(file) ? " is not a file" : " does not exist"));
        }
        Map<String, List<Neighbor>> byTask = new LinkedHashMap<>();
        long number = 0;
        // The decoder of a reader made this way reports what is not UTF-8.
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8.newDecoder()))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    parse(line, file + ":" + number, byTask);
                }
            }
        } catch (CharacterCodingException e) {
            throw new UmemException(ErrorKind.INPUT, file + ", after line " + number + ": not valid UTF-8", e);
        } catch (IOException e) {
            throw new UmemException(
                    ErrorKind.INPUT, "neighbourhoods file " + file + " cannot be read: " + e.getMessage(), e);
        }
        if (byTask.isEmpty()) {
            throw new UmemException(ErrorKind.INPUT, "neighbourhoods file " + file + " holds no neighbourhoods");
        }
        return new Neighborhoods(byTask);
    }

    private static void parse(String line, String at, Map<String, List<Neighbor>> byTask) {
        try {
            JsonNode node = JSON.readTree(line);
            require(node.isObject(), "not a JSON object");
            String id = id(node);
            require(!byTask.containsKey(id), "the id \"" + id + "\" occurs a second time");
            JsonNode listed = node.path("neighbors");
            require(listed.isArray(), "\"neighbors\" is missing or not a list");
            List<Neighbor> neighbors = new ArrayList<>(listed.size());
            for (JsonNode element : listed) {
                require(element.isObject(), "neighbour " + neighbors.size() + " is not a JSON object");
                neighbors.add(new Neighbor(id(element), similarity(element.get("similarity"))));
            }
            // Checks this one neighbourhood where the line is still known.
            byTask.put(id, new Neighborhoods(Map.of(id, neighbors)).of(id));
        } catch (JacksonException e) {
            throw new UmemException(ErrorKind.INPUT, at + ": not valid JSON: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new UmemException(ErrorKind.INPUT, at + ": " + e.getMessage(), e);
        }
    }

    private static String id(JsonNode node) {
        JsonNode id = node.path("id");
        require(id.isString() && !id.stringValue().isBlank(), "\"id\" is missing, blank or not a text");
        return id.stringValue();
    }

    private static float similarity(@Nullable JsonNode value) {
        if (value == null || value.isNull()) {
            return Float.NaN;
        }
        // A little more than 1 comes from rounding.
        require(
                value.isNumber() && Math.abs(value.doubleValue()) <= 1.001,
                "\"similarity\" is not a number from -1 to 1");
        return value.floatValue();
    }

    private static void require(boolean condition, String problem) {
        if (!condition) {
            throw new IllegalArgumentException(problem);
        }
    }
}
