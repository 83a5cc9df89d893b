package umem.engine.embedding;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.ZipFile;

/// The oracle: the published ONNX file, computed by ONNX Runtime, with the tokenizer of the Hugging Face library.
final class OnnxEncoder implements AutoCloseable {
    private static final int CONTEXT = 512;

    private final OrtSession session;
    private final HuggingFaceTokenizer tokenizer;

    /// @param jar holds the model and its tokenizer
    OnnxEncoder(Path jar, String name) throws IOException, OrtException {
        try (ZipFile zip = new ZipFile(jar.toFile(), StandardCharsets.UTF_8)) {
            try (InputStream in = zip.getInputStream(zip.getEntry(name + "-tokenizer.json"))) {
                tokenizer = HuggingFaceTokenizer.newInstance(in, Map.of("padding", "false", "truncation", "false"));
            }
            try (InputStream in = zip.getInputStream(zip.getEntry(name + ".onnx"));
                    OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
                options.setIntraOpNumThreads(2);
                session = OrtEnvironment.getEnvironment().createSession(in.readAllBytes(), options);
            }
        }
    }

    /// The pooled and normalised states of the tokens.
    float[] encode(String text, Pooling pooling) throws OrtException {
        Encoding encoding = tokenizer.encode(text);
        long[] ids = encoding.getIds();
        if (ids.length > CONTEXT) {
            long last = ids[ids.length - 1];
            ids = Arrays.copyOf(ids, CONTEXT);
            ids[CONTEXT - 1] = last;
        }
        long[] mask = new long[ids.length];
        Arrays.fill(mask, 1);
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OnnxTensor input = OnnxTensor.createTensor(environment, new long[][] {ids});
                OnnxTensor attention = OnnxTensor.createTensor(environment, new long[][] {mask});
                OnnxTensor types = OnnxTensor.createTensor(environment, new long[][] {new long[ids.length]});
                OrtSession.Result result =
                        session.run(Map.of("input_ids", input, "attention_mask", attention, "token_type_ids", types))) {
            float[][] states = ((float[][][]) result.get(0).getValue())[0];
            float[] state = states[0].clone();
            if (pooling == Pooling.MEAN) {
                // The factor 1 / tokens goes with the normalisation.
                for (int token = 1; token < states.length; token++) {
                    for (int i = 0; i < state.length; i++) {
                        state[i] += states[token][i];
                    }
                }
            }
            double squares = 0;
            for (float value : state) {
                squares += (double) value * value;
            }
            for (int i = 0; i < state.length; i++) {
                state[i] = (float) (state[i] / Math.sqrt(squares));
            }
            return state;
        }
    }

    @Override
    public void close() throws OrtException {
        session.close();
        tokenizer.close();
    }
}
