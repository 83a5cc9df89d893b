package umem.engine.embedding;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import umem.bindings.llama.LlamaLibrary;
import umem.bindings.llama.Model;
import umem.bindings.llama.ModelOptions;

/// An [Encoder] over a GGUF file of a BERT-like model, computed by llama.cpp.
///
/// Any thread may call it; one thread of its own computes, for different callers in turn.
///
/// On a CPU each text is computed by itself. Texts that share a batch change each other's last digits (by 1e-4 where
/// flash attention sums in half precision), so that a row would depend on its neighbours, and a resumed run would
/// differ
/// from one that was not cut off. A batch would save little there: nothing with one thread, at best a half of short
/// texts
/// with two, since its attention grows with the square of all its tokens.
public final class LlamaEncoder implements Encoder {
    private static final int TEXTS_A_TURN = 16;

    private final EncoderFile file;
    private final String fingerprint;
    private final Model model;
    private final EncodingThread thread;
    private final int dimension;

    private LlamaEncoder(EncoderFile file, String fingerprint, Model model, int threads) {
        this.file = file;
        this.fingerprint = fingerprint;
        this.model = model;
        this.dimension = model.embeddingLength();
        this.thread = new EncodingThread(model, threads);
    }

    /// Opens a file.
    ///
    /// @param gguf an encoder that declares its pooling, as all converters write it; must not change while open
    /// @param threads threads that compute, 1 to 512; more than physical cores slow it down
    /// @throws UmemException of kind MODEL if the file is missing, damaged, no encoder, or declares no pooling; STORAGE
    ///     if it cannot be read
    public static LlamaEncoder open(LlamaLibrary library, Path gguf, int threads) {
        EncoderFile file = EncoderFile.read(gguf);
        String fingerprint = file.fingerprint();
        Model model = Model.load(library, gguf, ModelOptions.gpu());
        try {
            return new LlamaEncoder(file, fingerprint, model, threads);
        } catch (Throwable t) {
            model.close();
            throw t;
        }
    }

    @Override
    public String name() {
        return file.name();
    }

    @Override
    public String fingerprint() {
        return fingerprint;
    }

    @Override
    public int dimension() {
        return dimension;
    }

    /// @throws IllegalStateException if the encoder is closed
    /// @throws UmemException of kind MODEL if the weights give no finite embedding; INTERRUPTED if the calling thread
    ///     is interrupted meanwhile
    @Override
    public void encode(List<String> texts, MemorySegment rows) {
        long rowBytes = 4L * dimension;
        if (rows.byteSize() < rowBytes * texts.size()) {
            throw new IllegalArgumentException(
                    texts.size() + " rows of " + rowBytes + " bytes do not fit into " + rows.byteSize());
        }
        for (int from = 0; from < texts.size(); from += TEXTS_A_TURN) {
            List<String> turn = texts.subList(from, Math.min(texts.size(), from + TEXTS_A_TURN));
            float[] states = thread.encode(turn);
            for (int i = 0; i < turn.size(); i++) {
                file.normalise(states, i * dimension, dimension);
            }
            MemorySegment.copy(states, 0, rows, ValueLayout.JAVA_FLOAT_UNALIGNED, rowBytes * from, states.length);
        }
    }

    @Override
    public synchronized void close() {
        thread.close();
        model.close();
    }
}
