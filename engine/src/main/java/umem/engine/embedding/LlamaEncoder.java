package umem.engine.embedding;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import umem.bindings.llama.GgufHeader;
import umem.bindings.llama.LlamaLibrary;
import umem.bindings.llama.Model;
import umem.bindings.llama.ModelOptions;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Checksum;

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
    /// Architectures whose graph embeds whole texts without a cache; others would generate, or crash.
    private static final Set<String> ARCHITECTURES =
            Set.of("bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "modern-bert", "neo-bert");

    private static final int TEXTS_A_TURN = 16;

    private final String name;
    private final String fingerprint;
    private final Model model;
    private final EncodingThread thread;
    private final int dimension;

    private LlamaEncoder(String name, String fingerprint, Model model, int threads) {
        this.name = name;
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
        GgufHeader header = GgufHeader.read(gguf);
        Pooling pooling = pooling(gguf, header);
        String fingerprint = Checksum.of(gguf) + "-" + pooling.name().toLowerCase(Locale.ROOT);
        Model model = Model.load(library, gguf, ModelOptions.gpu());
        try {
            return new LlamaEncoder(name(gguf, header), fingerprint, model, threads);
        } catch (Throwable t) {
            model.close();
            throw t;
        }
    }

    private static Pooling pooling(Path gguf, GgufHeader header) {
        if (!ARCHITECTURES.contains(header.architecture())) {
            throw new UmemException(
                    ErrorKind.MODEL,
                    "model " + gguf + " (architecture " + header.architecture()
                            + ") is no text encoder; name one, such as bge-small-en-v1.5, or a GGUF file of a"
                            + " BERT-like model");
        }
        Pooling pooling = Pooling.of(header.number("pooling_type", 0));
        if (pooling == null) {
            throw new UmemException(
                    ErrorKind.MODEL,
                    "model " + gguf + " does not declare how it pools tokens (" + header.architecture()
                            + ".pooling_type is to be 1, 2 or 3); convert it again from ONNX with"
                            + " `umem models convert --pooling`, or use another encoder");
        }
        return pooling;
    }

    private static String name(Path gguf, GgufHeader header) {
        if (header.metadata().get("general.name") instanceof String name && !name.isBlank()) {
            return name;
        }
        return gguf.getFileName().toString().replaceFirst("\\.gguf$", "");
    }

    @Override
    public String name() {
        return name;
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
                normalise(states, i * dimension);
            }
            MemorySegment.copy(states, 0, rows, ValueLayout.JAVA_FLOAT_UNALIGNED, rowBytes * from, states.length);
        }
    }

    private void normalise(float[] states, int from) {
        double squares = 0;
        for (int i = from; i < from + dimension; i++) {
            squares += (double) states[i] * states[i];
        }
        double length = Math.sqrt(squares);
        if (!(length > 0 && length < Double.POSITIVE_INFINITY)) {
            throw new UmemException(
                    ErrorKind.MODEL,
                    "encoder " + model.path() + " gives an embedding of length " + length
                            + "; its weights are damaged, fetch or convert it again");
        }
        for (int i = from; i < from + dimension; i++) {
            states[i] = (float) (states[i] / length);
        }
    }

    @Override
    public synchronized void close() {
        thread.close();
        model.close();
    }
}
