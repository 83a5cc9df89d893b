package umem.engine.embedding.convert;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/// A BERT encoder with random weights, as PyTorch's exporter would write it, as far as a converter looks: 2 layers,
/// width 32, 4 heads, 64 positions, 12 tokens.
final class TinyBert {
    static final int WIDTH = 32;
    static final String TOKENIZER = """
            {"added_tokens": [{"id": 0, "content": "[PAD]", "special": true}, {"id": 1, "content": "[UNK]", "special": true},
              {"id": 2, "content": "[CLS]", "special": true}, {"id": 3, "content": "[SEP]", "special": true}],
             "normalizer": {"type": "BertNormalizer", "lowercase": true, "strip_accents": null},
             "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
              "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "a": 4, "b": 5, "##a": 6, "##b": 7, "c": 8, "##c": 9, "d": 10}}}
            """;
    private static final int FEED_FORWARD = 64;
    private static final int HEADS = 4;

    private final Random random;
    private final ByteArrayOutputStream graph = new ByteArrayOutputStream();
    private float scale = 0.3f;
    private int dataType = OnnxFile.Tensor.FLOAT32;
    private String activation = "Erf";
    private String extraWeight = "";

    TinyBert(long seed) {
        random = new Random(seed);
    }

    TinyBert scale(float value) {
        scale = value;
        return this;
    }

    TinyBert dataType(int value) {
        dataType = value;
        return this;
    }

    TinyBert activation(String operator) {
        activation = operator;
        return this;
    }

    TinyBert extraWeight(String name) {
        extraWeight = name;
        return this;
    }

    /// The ONNX file.
    byte[] onnx() {
        weight("bert.embeddings.word_embeddings.weight", 12, WIDTH);
        weight("bert.embeddings.position_embeddings.weight", 64, WIDTH);
        weight("bert.embeddings.token_type_embeddings.weight", 2, WIDTH);
        norm("bert.embeddings.LayerNorm");
        for (int layer = 0; layer < 2; layer++) {
            String name = "bert.encoder.layer." + layer + ".";
            linear(name + "attention.self.query", WIDTH, WIDTH);
            linear(name + "attention.self.key", WIDTH, WIDTH);
            linear(name + "attention.self.value", WIDTH, WIDTH);
            linear(name + "attention.output.dense", WIDTH, WIDTH);
            norm(name + "attention.output.LayerNorm");
            linear(name + "intermediate.dense", WIDTH, FEED_FORWARD);
            node(activation, List.of("x" + layer), "y" + layer);
            linear(name + "output.dense", FEED_FORWARD, WIDTH);
            norm(name + "output.LayerNorm");
        }
        constant("heads", OnnxFile.Tensor.INT64, int64(HEADS));
        constant("width", OnnxFile.Tensor.INT64, int64(WIDTH / HEADS));
        node("Concat", List.of("batch", "tokens", "heads", "width"), "shape");
        node("Reshape", List.of("sum of bert.encoder.layer.0.attention.self.query", "shape"), "query");
        constant("epsilon", OnnxFile.Tensor.FLOAT32, float32(1e-12f));
        node("Add", List.of("variance", "epsilon"), "safe variance");
        node("Sqrt", List.of("safe variance"), "deviation");
        if (!extraWeight.isEmpty()) {
            weight(extraWeight, 1, 1);
        }
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        integer(model, 1, 6);
        bytes(model, 2, "test".getBytes(StandardCharsets.UTF_8));
        bytes(model, 7, graph.toByteArray());
        return model.toByteArray();
    }

    /// Writes model and tokenizer into a folder.
    static OnnxSource write(Path folder, byte[] onnx, String tokenizer) throws IOException {
        Files.write(folder.resolve("tiny.onnx"), onnx);
        Files.writeString(folder.resolve("tokenizer.json"), tokenizer);
        return OnnxSource.find(folder);
    }

    private void linear(String name, int inputs, int outputs) {
        String folded = "onnx::MatMul_" + random.nextInt(1 << 20);
        weight(folded, inputs, outputs);
        vector(name + ".bias", outputs, 0);
        node("MatMul", List.of("input of " + name, folded), "product of " + name);
        node("Add", List.of(name + ".bias", "product of " + name), "sum of " + name);
    }

    private void norm(String name) {
        vector(name + ".weight", WIDTH, 1);
        vector(name + ".bias", WIDTH, 0);
    }

    private void vector(String name, int length, float mean) {
        tensor(name, mean, length);
    }

    private void weight(String name, int rows, int columns) {
        tensor(name, 0, rows, columns);
    }

    private void tensor(String name, float mean, int... shape) {
        int count = 1;
        for (int length : shape) {
            count *= length;
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = mean + scale * (float) random.nextGaussian();
        }
        bytes(graph, 5, tensorMessage(name, dataType, float32(values), shape));
    }

    private static byte[] tensorMessage(String name, int type, byte[] data, int... shape) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int length : shape) {
            integer(out, 1, length);
        }
        integer(out, 2, type);
        bytes(out, 8, name.getBytes(StandardCharsets.UTF_8));
        bytes(out, 9, data);
        return out.toByteArray();
    }

    private void constant(String name, int type, byte[] data) {
        ByteArrayOutputStream attribute = new ByteArrayOutputStream();
        bytes(attribute, 1, "value".getBytes(StandardCharsets.UTF_8));
        bytes(attribute, 5, tensorMessage("", type, data));
        ByteArrayOutputStream node = new ByteArrayOutputStream();
        bytes(node, 2, name.getBytes(StandardCharsets.UTF_8));
        bytes(node, 4, "Constant".getBytes(StandardCharsets.UTF_8));
        bytes(node, 5, attribute.toByteArray());
        bytes(graph, 1, node.toByteArray());
    }

    private void node(String operator, List<String> inputs, String output) {
        ByteArrayOutputStream node = new ByteArrayOutputStream();
        inputs.forEach(input -> bytes(node, 1, input.getBytes(StandardCharsets.UTF_8)));
        bytes(node, 2, output.getBytes(StandardCharsets.UTF_8));
        bytes(node, 4, operator.getBytes(StandardCharsets.UTF_8));
        bytes(graph, 1, node.toByteArray());
    }

    private static byte[] float32(float... values) {
        ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            buffer.putFloat(value);
        }
        return buffer.array();
    }

    private static byte[] int64(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    private static void integer(ByteArrayOutputStream out, int field, long value) {
        varint(out, field << 3);
        varint(out, value);
    }

    private static void bytes(ByteArrayOutputStream out, int field, byte[] value) {
        varint(out, field << 3 | 2);
        varint(out, value.length);
        out.writeBytes(value);
    }

    private static void varint(ByteArrayOutputStream out, long value) {
        while ((value & ~0x7fL) != 0) {
            out.write((int) (value & 0x7f | 0x80));
            value >>>= 7;
        }
        out.write((int) value);
    }
}
