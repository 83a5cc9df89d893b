package umem.bench.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import umem.bench.peer.EncoderEngine;
import umem.bench.peer.EncoderSession;

/// ONNX Runtime with its default optimisations on the published float32 model; the first token's state, normalised.
public final class OnnxRuntimeEncoder implements EncoderEngine {
    private static final String MODEL = "bge-small-en-v1.5.onnx";

    /// For the service loader.
    public OnnxRuntimeEncoder() {}

    @Override
    public String name() {
        return "onnxruntime";
    }

    @Override
    public String version() {
        return OrtEnvironment.getEnvironment().getVersion();
    }

    @Override
    public String terms() {
        return "is given the tokens: its time holds no tokenisation, ours does";
    }

    @Override
    public EncoderSession open(Path jar, int threads) {
        try (ZipFile zip = new ZipFile(jar.toFile());
                OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            options.setInterOpNumThreads(1);
            ZipEntry entry = zip.getEntry(MODEL);
            if (entry == null) {
                throw new IllegalStateException(jar + " holds no " + MODEL);
            }
            try (InputStream in = zip.getInputStream(entry)) {
                return new Session(OrtEnvironment.getEnvironment().createSession(in.readAllBytes(), options));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    private record Session(OrtSession session) implements EncoderSession {
        @Override
        public float[][] encode(List<String> texts, long[][] tokens) {
            OrtEnvironment environment = OrtEnvironment.getEnvironment();
            int length = tokens[0].length;
            long[][] mask = new long[tokens.length][length];
            for (long[] row : mask) {
                Arrays.fill(row, 1);
            }
            try (OnnxTensor ids = OnnxTensor.createTensor(environment, tokens);
                    OnnxTensor attention = OnnxTensor.createTensor(environment, mask);
                    OnnxTensor types = OnnxTensor.createTensor(environment, new long[tokens.length][length]);
                    OrtSession.Result result = session.run(
                            Map.of("input_ids", ids, "attention_mask", attention, "token_type_ids", types))) {
                OnnxTensor states = (OnnxTensor) result.get(0);
                int dimension = (int) states.getInfo().getShape()[2];
                FloatBuffer values = states.getFloatBuffer();
                float[][] rows = new float[tokens.length][dimension];
                for (int i = 0; i < rows.length; i++) {
                    values.get(i * length * dimension, rows[i]);
                    normalise(rows[i]);
                }
                return rows;
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void close() {
            try {
                session.close();
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static void normalise(float[] row) {
        double squares = 0;
        for (float value : row) {
            squares += (double) value * value;
        }
        double length = Math.sqrt(squares);
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) (row[i] / length);
        }
    }
}
