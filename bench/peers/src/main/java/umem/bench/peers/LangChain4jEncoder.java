package umem.bench.peers;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.onnx.bgesmallenv15.BgeSmallEnV15EmbeddingModel;
import java.nio.file.Path;
import java.util.List;
import umem.bench.peer.EncoderEngine;
import umem.bench.peer.EncoderSession;

/// LangChain4j's class for the same model in the same process.
///
/// Its session takes ONNX Runtime's default of a thread a core and can't be told otherwise; the batch's texts go one
/// after the other.
public final class LangChain4jEncoder implements EncoderEngine {
    /// For the service loader.
    public LangChain4jEncoder() {}

    @Override
    public String name() {
        return "langchain4j";
    }

    @Override
    public String version() {
        return "1.0.0-beta3";
    }

    @Override
    public String terms() {
        return "makes its own tokens; computes on every processor whatever --threads says (limit it with taskset)";
    }

    @Override
    public EncoderSession open(Path jar, int threads) {
        // The same weights: it loads them from this jar on its class path. With several texts it wants an executor to
        // spread them over; the calling thread keeps it to one text at a time.
        // It finds the jar's entries through the thread's class loader.
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(LangChain4jEncoder.class.getClassLoader());
        BgeSmallEnV15EmbeddingModel model;
        try {
            model = new BgeSmallEnV15EmbeddingModel(Runnable::run);
            model.embed("loads what is loaded late");
        } finally {
            thread.setContextClassLoader(before);
        }
        return new EncoderSession() {
            @Override
            public float[][] encode(List<String> texts, long[][] tokens) {
                return model.embedAll(texts.stream().map(TextSegment::from).toList()).content().stream()
                        .map(Embedding::vector)
                        .toArray(float[][]::new);
            }

            @Override
            public void close() {}
        };
    }
}
