package umem.engine.embedding;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import umem.bindings.llama.GgufHeader;
import umem.bindings.llama.LlamaLibrary;
import umem.bindings.llama.Model;
import umem.bindings.llama.ModelOptions;
import umem.bindings.llama.Vocabulary;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Checksum;

/// An [Encoder] over a GGUF file of a BERT-like model, computed by llama.cpp.
///
/// Any thread may call it: texts are cut into tokens on the caller's thread, and one thread of its own computes small
/// batches of similar length, those of different callers in turn. A batch is small because the attention of a batch
/// grows with its square on the CPU, whoever its tokens belong to.
public final class LlamaEncoder implements Encoder {
    /// Architectures whose graph embeds whole texts without a cache; others would generate, or crash.
    private static final Set<String> ARCHITECTURES =
            Set.of("bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "modern-bert", "neo-bert");

    /// Longer texts than this many characters a token of the context are cut before the tokenizer sees them: words are
    /// shorter.
    private static final int CHARACTERS_A_TOKEN = 64;

    private final String name;
    private final String fingerprint;
    private final Model model;
    private final EncodingThread thread;
    private final int contextLength;
    private final int dimension;
    private final int[] empty;

    private LlamaEncoder(String name, String fingerprint, Model model, int threads) {
        this.name = name;
        this.fingerprint = fingerprint;
        this.model = model;
        this.contextLength = model.trainContextLength();
        this.dimension = model.embeddingLength();
        Vocabulary vocabulary = model.vocabulary();
        int[] frame = vocabulary.tokenize("", true, false);
        // Something has to be encoded for a text without tokens, even where the model puts nothing around it.
        this.empty = frame.length > 0 ? frame : new int[] {Math.max(0, vocabulary.endOfSequence())};
        this.thread = new EncodingThread(model, threads);
    }

    /// Opens a file.
    ///
    /// @param gguf an encoder that declares its pooling, as all converters write it; must not change while open
    /// @param threads threads that compute, 1 to 512; more than physical cores slow it down
    /// @throws UmemException of kind MODEL if the file is missing, damaged, no encoder, or declares no pooling; STORAGE
    ///         if it cannot be read
    public static LlamaEncoder open(LlamaLibrary library, Path gguf, int threads) {
        GgufHeader header = GgufHeader.read(gguf);
        Pooling pooling = pooling(gguf, header);
        String fingerprint = Checksum.of(gguf) + "-" + pooling.name().toLowerCase(java.util.Locale.ROOT);
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
                            + ") is no text encoder; name one, such as " + Encoders.STANDARD
                            + ", or a GGUF file of a BERT-like model");
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
    /// is
    ///         interrupted meanwhile
    @Override
    public void encode(List<String> texts, MemorySegment rows) {
        long rowBytes = 4L * dimension;
        if (rows.byteSize() < rowBytes * texts.size()) {
            throw new IllegalArgumentException(
                    texts.size() + " rows of " + rowBytes + " bytes do not fit into " + rows.byteSize());
        }
        int[][] tokens = new int[texts.size()][];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = tokens(texts.get(i));
        }
        int[] order = IntStream.range(0, tokens.length)
                .boxed()
                .sorted(Comparator.comparingInt(i -> tokens[i].length))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int from = 0; from < order.length; ) {
            int to = from + 1;
            int count = tokens[order[from]].length;
            while (to < order.length && EncodingThread.fits(count + tokens[order[to]].length, to - from + 1)) {
                count += tokens[order[to]].length;
                to++;
            }
            int[][] batch = new int[to - from][];
            for (int i = from; i < to; i++) {
                batch[i - from] = tokens[order[i]];
            }
            float[] states = thread.encode(batch);
            for (int i = from; i < to; i++) {
                normalise(states, (i - from) * dimension);
                MemorySegment.copy(
                        states,
                        (i - from) * dimension,
                        rows,
                        ValueLayout.JAVA_FLOAT_UNALIGNED,
                        rowBytes * order[i],
                        dimension);
            }
            from = to;
        }
    }

    /// The tokens of a text with those that frame it, at most a context; what is cut off is before the closing one.
    private int[] tokens(String text) {
        int limit = contextLength * CHARACTERS_A_TOKEN;
        if (text.length() > limit) {
            String stripped = text.stripLeading();
            int end = Math.min(limit, stripped.length());
            boolean splits = end < stripped.length() && Character.isLowSurrogate(stripped.charAt(end));
            text = stripped.substring(0, splits ? end - 1 : end);
        }
        int[] tokens = model.vocabulary().tokenize(text, true, false);
        if (tokens.length == 0) {
            return empty;
        }
        if (tokens.length <= contextLength) {
            return tokens;
        }
        int last = tokens[tokens.length - 1];
        int[] cut = Arrays.copyOf(tokens, contextLength);
        if (last == empty[empty.length - 1]) {
            cut[contextLength - 1] = last;
        }
        return cut;
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
    public void close() {
        thread.close();
        model.close();
    }
}
