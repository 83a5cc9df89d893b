package umem.cli.terminal;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The data that commands print with `--json`: one object a line.
public final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private Json() {}

    /// A new empty object.
    public static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /// A new empty array.
    public static ArrayNode array() {
        return MAPPER.createArrayNode();
    }

    /// Any value as one line of JSON.
    public static String line(Object value) {
        return MAPPER.writeValueAsString(value);
    }

    /// The mapper, for reading.
    public static JsonMapper mapper() {
        return MAPPER;
    }
}
