package umem.engine.embedding.convert;

import java.io.IOException;
import java.nio.file.Path;
import umem.engine.embedding.Pooling;

/// Makes a GGUF file that llama.cpp embeds with from a BERT encoder in ONNX form.
///
/// The numbers are the same; what changes is their order (linear layers are stored transposed in ONNX), their names,
/// and the way the vocabulary is written.
public final class BertConverter {
    /// Changes whenever the same input would give another file.
    public static final int VERSION = 1;

    private static final String[] LINEAR_IN_ATTENTION = {"query", "key", "value"};
    private static final String[] LINEAR_NAMES = {"attn_q", "attn_k", "attn_v"};

    private final BertGraph graph;
    private final TensorType type;
    private final GgufWriter out = new GgufWriter();
    private final int width;

    private BertConverter(BertGraph graph, TensorType type, int width) {
        this.graph = graph;
        this.type = type;
        this.width = width;
    }

    /// Converts a model.
    ///
    /// @param source where it comes from
    /// @param pooling how the model was trained to be read
    /// @param type of the matrices; vectors and the small tables stay float32
    /// @param target a path that does not exist
    /// @throws umem.error.UmemException of kind MODEL if the ONNX file is garbage, truncated or not BERT; INPUT if the
    ///     tokenizer is
    /// @throws IOException if reading or writing fails; what was written is useless then
    public static void convert(OnnxSource source, Pooling pooling, TensorType type, Path target) throws IOException {
        try (OnnxSource.Content content = source.open(target)) {
            BertGraph graph = new BertGraph(OnnxFile.read(source.toString(), content.model()));
            Weights words = graph.table("embeddings.word_embeddings.weight", 0);
            WordPieceVocabulary vocabulary =
                    WordPieceVocabulary.read(source.tokenizer(), content.tokenizer(), words.rows());
            new BertConverter(graph, type, words.columns()).write(source.name(), words, vocabulary, pooling, target);
        }
    }

    private void write(String name, Weights words, WordPieceVocabulary vocabulary, Pooling pooling, Path target)
            throws IOException {
        int layers = graph.layers();
        Weights positions = graph.table("embeddings.position_embeddings.weight", width);
        Weights tokenTypes = graph.table("embeddings.token_type_embeddings.weight", width);
        int feedForward =
                graph.linear("encoder.layer.0.intermediate.dense", 0, width).rows();
        out.put("general.architecture", "bert")
                .put("general.name", name)
                .put("general.file_type", type.code())
                .put("bert.block_count", layers)
                .put("bert.context_length", positions.rows())
                .put("bert.embedding_length", width)
                .put("bert.feed_forward_length", feedForward)
                .put("bert.attention.head_count", graph.heads(width))
                .put("bert.attention.layer_norm_epsilon", graph.epsilon())
                .put("bert.attention.causal", false)
                .put("bert.pooling_type", pooling.code());
        vocabulary(vocabulary, tokenTypes.rows());
        out.matrix("token_embd.weight", words, type)
                .matrix("position_embd.weight", positions, TensorType.F32)
                .matrix("token_types.weight", tokenTypes, TensorType.F32);
        norm("embeddings.LayerNorm", "token_embd_norm");
        for (int layer = 0; layer < layers; layer++) {
            layer("encoder.layer." + layer + ".", "blk." + layer + ".", feedForward);
        }
        graph.requireComplete(layers);
        out.write(target);
    }

    private void vocabulary(WordPieceVocabulary vocabulary, int tokenTypes) {
        int cls = id(vocabulary, "[CLS]");
        int sep = id(vocabulary, "[SEP]");
        out.put("tokenizer.ggml.model", "bert")
                .put("tokenizer.ggml.pre", "default")
                .put("tokenizer.ggml.token_type_count", tokenTypes)
                .put("tokenizer.ggml.tokens", vocabulary.tokens())
                .put("tokenizer.ggml.token_type", vocabulary.types())
                .put("tokenizer.ggml.unknown_token_id", id(vocabulary, "[UNK]"))
                .put("tokenizer.ggml.padding_token_id", id(vocabulary, "[PAD]"))
                .put("tokenizer.ggml.cls_token_id", cls)
                .put("tokenizer.ggml.seperator_token_id", sep) // spelt so in the format
                .put("tokenizer.ggml.bos_token_id", cls)
                .put("tokenizer.ggml.eos_token_id", sep);
        Integer mask = vocabulary.ids().get("[MASK]");
        if (mask != null) {
            out.put("tokenizer.ggml.mask_token_id", mask);
        }
    }

    private static int id(WordPieceVocabulary vocabulary, String token) {
        Integer id = vocabulary.ids().get(token);
        if (id == null) {
            throw new IllegalStateException("the vocabulary was read without " + token);
        }
        return id;
    }

    private void layer(String from, String to, int feedForward) {
        for (int i = 0; i < LINEAR_NAMES.length; i++) {
            linear(from + "attention.self." + LINEAR_IN_ATTENTION[i], to + LINEAR_NAMES[i], width, width);
        }
        linear(from + "attention.output.dense", to + "attn_output", width, width);
        norm(from + "attention.output.LayerNorm", to + "attn_output_norm");
        linear(from + "intermediate.dense", to + "ffn_up", feedForward, width);
        linear(from + "output.dense", to + "ffn_down", width, feedForward);
        norm(from + "output.LayerNorm", to + "layer_output_norm");
    }

    private void linear(String from, String to, int outputs, int inputs) {
        out.matrix(to + ".weight", graph.linear(from, outputs, inputs), type)
                .vector(to + ".bias", graph.vector(from + ".bias", outputs));
    }

    private void norm(String from, String to) {
        out.vector(to + ".weight", graph.vector(from + ".weight", width))
                .vector(to + ".bias", graph.vector(from + ".bias", width));
    }
}
