package umem.engine.language;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A model as an endpoint's `GET /models` describes it.
///
/// @param name what requests call it
/// @param fingerprint the endpoint, the name, and a hash of what the endpoint reports about the model
record ServedModel(String name, String fingerprint) {
    /// Fields that tell models apart and stay the same over time; `created` for one is the current time in some
    /// servers.
    private static final List<String> LASTING = List.of("id", "owned_by", "root", "parent", "max_model_len", "meta");

    /// Finds a model.
    ///
    /// @param list the answer of `GET /models`, or a missing node where the endpoint has no such list
    /// @param wanted the model's name, or null for the first one of the list
    /// @throws UmemException REMOTE if there is nothing to choose from
    static ServedModel find(Endpoint endpoint, JsonNode list, @Nullable String wanted) {
        JsonNode found = list.path("none");
        for (JsonNode model : list.path("data")) {
            String id = model.path("id").asString("");
            if (!id.isEmpty() && (wanted == null || id.equals(wanted))) {
                found = model;
                break;
            }
        }
        String name = wanted != null ? wanted : found.path("id").asString("");
        if (name.isEmpty()) {
            throw new UmemException(
                    ErrorKind.REMOTE,
                    "the endpoint " + endpoint + " lists no model; name the one to use: " + endpoint + "#MODEL");
        }
        StringBuilder description = new StringBuilder();
        for (String field : LASTING) {
            description.append(field).append('=').append(found.path(field)).append('\n');
        }
        String reported = found.isMissingNode() ? "unlisted" : hash(description.toString());
        return new ServedModel(name, endpoint + "#" + name + "@" + reported);
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
