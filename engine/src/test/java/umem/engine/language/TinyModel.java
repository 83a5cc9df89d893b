package umem.engine.language;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Writes a llama model of two layers with random float32 weights and one token a byte. It talks nonsense in
/// microseconds, and its logits do not depend on the batch beyond the last bits: those of quantised models do, since
/// rounding an activation up or down moves everything after it.
final class TinyModel {
    static final int CONTEXT_LENGTH = 4096;
    private static final String CHATML = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n'"
            + " + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}";
    private static final int WIDTH = 64;
    private static final int HEADS = 2;
    private static final int FEED_FORWARD = 128;
    private static final int LAYERS = 2;
    private static final int FLOAT32 = 0;

    private record Tensor(String name, int columns, int rows) {}

    private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
    private int entries;

    private TinyModel() {}

    /// Writes a model with a chat template.
    static Path write(Path file) throws IOException {
        return write(file, CHATML);
    }

    /// @param template the chat template; empty for none
    static Path write(Path file, String template) throws IOException {
        return new TinyModel().writeTo(file, template);
    }

    private Path writeTo(Path file, String template) throws IOException {
        List<String> tokens = new ArrayList<>(bytesAsCharacters());
        tokens.addAll(List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>", "he"));
        string("general.architecture", "llama");
        integer("llama.block_count", LAYERS);
        integer("llama.context_length", CONTEXT_LENGTH);
        integer("llama.embedding_length", WIDTH);
        integer("llama.feed_forward_length", FEED_FORWARD);
        integer("llama.attention.head_count", HEADS);
        real("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        string("tokenizer.ggml.model", "gpt2");
        string("tokenizer.ggml.pre", "default");
        strings("tokenizer.ggml.tokens", tokens);
        types("tokenizer.ggml.token_type", tokens.size());
        strings("tokenizer.ggml.merges", List.of("h e"));
        integer("tokenizer.ggml.bos_token_id", 256);
        integer("tokenizer.ggml.eos_token_id", 258);
        if (!template.isEmpty()) {
            string("tokenizer.chat_template", template);
        }
        List<Tensor> tensors = tensors(tokens.size());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(buffer(24)
                .putInt(0x46554747)
                .putInt(3)
                .putLong(tensors.size())
                .putLong(entries)
                .array());
        out.writeBytes(metadata.toByteArray());
        long offset = 0;
        for (Tensor tensor : tensors) {
            out.writeBytes(text(tensor.name));
            int dimensions = tensor.rows == 1 ? 1 : 2;
            ByteBuffer shape =
                    buffer(4 + 8 * dimensions + 12).putInt(dimensions).putLong(tensor.columns);
            if (dimensions == 2) {
                shape.putLong(tensor.rows);
            }
            out.writeBytes(shape.putInt(FLOAT32).putLong(offset).array());
            offset += 4L * tensor.columns * tensor.rows;
        }
        out.writeBytes(new byte[-out.size() & 31]);
        Random random = new Random(42);
        for (Tensor tensor : tensors) {
            out.writeBytes(values(tensor, random));
        }
        return Files.write(file, out.toByteArray());
    }

    private static List<Tensor> tensors(int vocabulary) {
        List<Tensor> tensors = new ArrayList<>();
        tensors.add(new Tensor("token_embd.weight", WIDTH, vocabulary));
        tensors.add(new Tensor("output_norm.weight", WIDTH, 1));
        tensors.add(new Tensor("output.weight", WIDTH, vocabulary));
        for (int layer = 0; layer < LAYERS; layer++) {
            String prefix = "blk." + layer + ".";
            for (String norm : List.of("attn_norm", "ffn_norm")) {
                tensors.add(new Tensor(prefix + norm + ".weight", WIDTH, 1));
            }
            for (String square : List.of("attn_q", "attn_k", "attn_v", "attn_output")) {
                tensors.add(new Tensor(prefix + square + ".weight", WIDTH, WIDTH));
            }
            tensors.add(new Tensor(prefix + "ffn_gate.weight", WIDTH, FEED_FORWARD));
            tensors.add(new Tensor(prefix + "ffn_up.weight", WIDTH, FEED_FORWARD));
            tensors.add(new Tensor(prefix + "ffn_down.weight", FEED_FORWARD, WIDTH));
        }
        return tensors;
    }

    private static byte[] values(Tensor tensor, Random random) {
        ByteBuffer values = buffer(4 * tensor.columns * tensor.rows);
        double scale = 2 / Math.sqrt(tensor.columns);
        while (values.hasRemaining()) {
            values.putFloat(tensor.rows == 1 ? 1 : (float) (scale * random.nextGaussian()));
        }
        return values.array();
    }

    /// The printable character that stands for each byte in the vocabularies of GPT-2's kind.
    private static List<String> bytesAsCharacters() {
        List<String> characters = new ArrayList<>();
        int next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
            characters.add(Character.toString(printable ? b : next++));
        }
        return characters;
    }

    private void string(String key, String value) {
        entry(key, 8);
        metadata.writeBytes(text(value));
    }

    private void integer(String key, int value) {
        entry(key, 4);
        metadata.writeBytes(buffer(4).putInt(value).array());
    }

    private void real(String key, float value) {
        entry(key, 6);
        metadata.writeBytes(buffer(4).putFloat(value).array());
    }

    private void strings(String key, List<String> values) {
        entry(key, 9);
        metadata.writeBytes(buffer(12).putInt(8).putLong(values.size()).array());
        values.forEach(value -> metadata.writeBytes(text(value)));
    }

    /// Normal tokens are of type 1, the three control tokens of type 3.
    private void types(String key, int count) {
        entry(key, 9);
        ByteBuffer types = buffer(12 + 4 * count).putInt(5).putLong(count);
        for (int token = 0; token < count; token++) {
            types.putInt(token >= 256 && token < 259 ? 3 : 1);
        }
        metadata.writeBytes(types.array());
    }

    private void entry(String key, int type) {
        entries++;
        metadata.writeBytes(text(key));
        metadata.writeBytes(buffer(4).putInt(type).array());
    }

    private static byte[] text(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        return buffer(8 + bytes.length).putLong(bytes.length).put(bytes).array();
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
