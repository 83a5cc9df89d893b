package umem.engine.embedding.convert;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The vocabulary of a BERT model, in the form that llama.cpp's WordPiece tokenizer reads: a token that begins a word
/// has U+2581 in front, one that continues a word has lost its `##`.
///
/// @param tokens by id
/// @param types `LLAMA_TOKEN_TYPE` by id: 1 normal, 2 unknown, 3 control, 5 unused
/// @param ids of `[UNK]`, `[SEP]`, `[PAD]`, `[CLS]` and, where the model has it, `[MASK]`
record WordPieceVocabulary(List<String> tokens, int[] types, Map<String, Integer> ids) {
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int UNUSED = 5;
    private static final String CONTINUING = "##";
    private static final List<String> NEEDED = List.of("[UNK]", "[SEP]", "[PAD]", "[CLS]");

    /// Reads a `tokenizer.json` of the Hugging Face library.
    ///
    /// @param name what messages call the file
    /// @param rows of the model's embedding table; ids that the tokenizer doesn't know become unused tokens
    /// @throws UmemException of kind INPUT if it is malformed, or does what llama.cpp's tokenizer for BERT cannot
    static WordPieceVocabulary read(String name, byte[] json, int rows) {
        JsonNode root;
        try {
            root = JsonMapper.shared().readTree(json);
        } catch (JacksonException e) {
            throw refused(name, "is malformed: " + e.getOriginalMessage());
        }
        JsonNode model = root.path("model");
        String type = model.path("type").asString("");
        if (!type.equals("WordPiece") || !model.path("vocab").isObject()) {
            throw refused(name, "has a tokenizer of type \"" + type + "\"; only WordPiece, BERT's, can be converted");
        }
        JsonNode normalizer = root.path("normalizer");
        if (!normalizer.path("type").asString("").equals("BertNormalizer")
                || !normalizer.path("lowercase").asBoolean(false)
                || normalizer.path("strip_accents").isBoolean()
                        && !normalizer.path("strip_accents").asBoolean()) {
            throw refused(name, "keeps case or accents; llama.cpp's tokenizer for BERT always drops them");
        }
        if (!model.path("continuing_subword_prefix").asString(CONTINUING).equals(CONTINUING)) {
            throw refused(name, "marks continued words by something else than " + CONTINUING);
        }
        @Nullable String[] byId = new String[rows];
        for (Map.Entry<String, JsonNode> entry : model.path("vocab").properties()) {
            place(name, byId, entry.getKey(), entry.getValue());
        }
        Set<String> special = new HashSet<>();
        for (JsonNode added : root.path("added_tokens")) {
            String content = added.path("content").asString("");
            place(name, byId, content, added.path("id"));
            if (added.path("special").asBoolean(false)) {
                special.add(content);
            }
        }
        return build(name, byId, special);
    }

    private static void place(String name, @Nullable String[] byId, String token, JsonNode id) {
        if (!id.isIntegralNumber() || !id.canConvertToInt() || id.asInt() < 0 || id.asInt() >= byId.length) {
            throw refused(
                    name,
                    "gives the token \"" + token + "\" the id " + id + ", but the model has " + byId.length
                            + " tokens");
        }
        String other = byId[id.asInt()];
        if (other != null && !other.equals(token)) {
            throw refused(name, "gives the id " + id + " to both \"" + other + "\" and \"" + token + "\"");
        }
        byId[id.asInt()] = token;
    }

    private static WordPieceVocabulary build(String name, @Nullable String[] byId, Set<String> special) {
        List<String> tokens = new ArrayList<>(byId.length);
        int[] types = new int[byId.length];
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < byId.length; id++) {
            String token = byId[id];
            if (token == null) {
                tokens.add("[UNUSED" + id + "]");
                types[id] = UNUSED;
            } else if (special.contains(token) || NEEDED.contains(token)) {
                tokens.add(token);
                types[id] = token.equals("[UNK]") ? UNKNOWN : CONTROL;
                ids.put(token, id);
            } else {
                tokens.add(token.startsWith(CONTINUING) ? token.substring(CONTINUING.length()) : "\u2581" + token);
                types[id] = NORMAL;
            }
        }
        for (String needed : NEEDED) {
            if (!ids.containsKey(needed)) {
                throw refused(name, "has no token " + needed);
            }
        }
        return new WordPieceVocabulary(List.copyOf(tokens), types, Map.copyOf(ids));
    }

    private static UmemException refused(String name, String what) {
        return new UmemException(ErrorKind.INPUT, "tokenizer " + name + " " + what);
    }
}
