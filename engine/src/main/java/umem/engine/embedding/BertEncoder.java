package umem.engine.embedding;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import umem.bindings.kernels.Kernels;
import umem.bindings.kernels.Matrix;
import umem.bindings.llama.GgufHeader;
import umem.bindings.llama.LlamaLibrary;
import umem.bindings.llama.Model;
import umem.bindings.llama.ModelOptions;
import umem.engine.embedding.bert.BertModel;
import umem.engine.embedding.bert.PooledTokens;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// An [Encoder] over a GGUF file of a BERT, computed on the CPU by our own kernels; llama.cpp cuts the texts into
/// tokens.
///
/// Any thread may call it; the calling thread computes, with others of the encoder's own, one caller at a time. An
/// embedding depends on its text alone, bit for bit, so texts are computed together as suits the machine.
public final class BertEncoder implements Encoder {
    /// Names the arithmetic; to be changed with every change of a result.
    private static final String ENGINE = "bert-1";

    /// Texts that are looked at together, so that those of similar length are computed together.
    private static final int TEXTS_A_TURN = 256;

    /// Enough to keep the multipliers busy while the weights come from memory; more only takes cache from them.
    private static final int TOKENS_A_BATCH = 512;

    private final EncoderFile file;
    private final String fingerprint;
    private final Model vocabulary;
    private final EncoderTokenizer tokenizer;
    private final BertModel model;
    private final ReentrantLock lock = new ReentrantLock();
    private boolean closed;

    private BertEncoder(EncoderFile file, String fingerprint, Model vocabulary, BertModel model) {
        this.file = file;
        this.fingerprint = fingerprint;
        this.vocabulary = vocabulary;
        this.tokenizer = new EncoderTokenizer(vocabulary);
        this.model = model;
    }

    /// Whether this class can compute a model.
    public static boolean isSupported(GgufHeader header) {
        return BertModel.isSupported(header);
    }

    /// Opens a file.
    ///
    /// @param library cuts texts into tokens
    /// @param gguf a BERT with weights of 16 or 32 bits; must not change while open
    /// @param threads threads that compute, the calling one included, 1 to 512
    /// @throws UmemException of kind MODEL if the file is missing, damaged, not supported, or declares no pooling;
    ///     STORAGE if it cannot be read
    public static BertEncoder open(LlamaLibrary library, Kernels kernels, Path gguf, int threads) {
        if (threads < 1 || threads > 512) {
            throw new IllegalArgumentException("threads " + threads + " is not in [1, 512]");
        }
        EncoderFile file = EncoderFile.read(gguf);
        if (!isSupported(file.header())) {
            throw new UmemException(
                    ErrorKind.MODEL,
                    "encoder " + gguf + " is no plain BERT with weights of 16 or 32 bits; set umem.encoder to auto or"
                            + " llama, or use another encoder");
        }
        String fingerprint = ENGINE + "-" + file.fingerprint();
        Model vocabulary = Model.load(library, gguf, ModelOptions.cpu());
        try {
            BertModel model = BertModel.open(gguf, file.header(), kernels, threads);
            try {
                if (vocabulary.vocabulary().size() > model.vocabulary()) {
                    throw new UmemException(
                            ErrorKind.MODEL,
                            "encoder " + gguf + " is damaged: it has "
                                    + vocabulary.vocabulary().size() + " tokens and embeddings for "
                                    + model.vocabulary() + "; fetch or convert it again");
                }
                return new BertEncoder(file, fingerprint, vocabulary, model);
            } catch (Throwable t) {
                model.close();
                throw t;
            }
        } catch (Throwable t) {
            vocabulary.close();
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
        return model.width();
    }

    /// @throws IllegalStateException if the encoder is closed
    /// @throws UmemException of kind MODEL if the weights give no finite embedding; INTERRUPTED if the calling thread
    ///     is interrupted meanwhile
    @Override
    public void encode(List<String> texts, MemorySegment rows) {
        long rowBytes = 4L * dimension();
        if (rows.byteSize() < rowBytes * texts.size()) {
            throw new IllegalArgumentException(
                    texts.size() + " rows of " + rowBytes + " bytes do not fit into " + rows.byteSize());
        }
        for (int from = 0; from < texts.size(); from += TEXTS_A_TURN) {
            int count = Math.min(TEXTS_A_TURN, texts.size() - from);
            acquire();
            try {
                turn(texts.subList(from, from + count), rows.asSlice(rowBytes * from, rowBytes * count));
            } finally {
                lock.unlock();
            }
        }
    }

    private void acquire() {
        try {
            lock.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UmemException(ErrorKind.INTERRUPTED, "encoding was interrupted", e);
        }
        if (closed) {
            lock.unlock();
            throw new IllegalStateException("the encoder " + file.path() + " is closed");
        }
    }

    /// A text and its place in the turn.
    private record Text(int place, int[] tokens) {}

    private void turn(List<String> texts, MemorySegment rows) {
        List<Text> sorted = new ArrayList<>(texts.size());
        for (int i = 0; i < texts.size(); i++) {
            sorted.add(new Text(i, tokenizer.tokens(texts.get(i))));
        }
        sorted.sort(Comparator.comparingInt(text -> text.tokens().length));
        int from = 0;
        while (from < sorted.size()) {
            int end = from + 1;
            int tokens = sorted.get(from).tokens().length;
            while (end < sorted.size() && tokens + sorted.get(end).tokens().length <= TOKENS_A_BATCH) {
                tokens += sorted.get(end++).tokens().length;
            }
            batch(sorted.subList(from, end), rows);
            from = end;
        }
    }

    private void batch(List<Text> texts, MemorySegment rows) {
        if (Thread.currentThread().isInterrupted()) {
            throw new UmemException(ErrorKind.INTERRUPTED, "encoding was interrupted");
        }
        PooledTokens pooled = switch (file.pooling()) {
            case CLS -> PooledTokens.FIRST;
            case LAST -> PooledTokens.LAST;
            case MEAN -> PooledTokens.ALL;
        };
        Matrix states = model.states(texts.stream().map(Text::tokens).toList(), pooled);
        int dimension = dimension();
        float[] state = new float[dimension];
        int row = 0;
        for (Text text : texts) {
            int count = pooled == PooledTokens.ALL ? text.tokens().length : 1;
            pool(states.rows(row, count), state);
            row += count;
            file.normalise(state, 0, dimension);
            MemorySegment.copy(
                    state, 0, rows, ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * dimension * text.place(), dimension);
        }
    }

    /// Adds the rows; the factor of a mean goes with the normalisation that follows.
    private static void pool(Matrix states, float[] sum) {
        MemorySegment.copy(states.floats(), ValueLayout.JAVA_FLOAT, 0, sum, 0, sum.length);
        for (int row = 1; row < states.rows(); row++) {
            long first = (long) row * states.stride();
            for (int i = 0; i < sum.length; i++) {
                sum[i] += states.floats().getAtIndex(ValueLayout.JAVA_FLOAT, first + i);
            }
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                model.close();
                vocabulary.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
