package umem.engine.testing;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import umem.engine.embedding.Encoder;

/// A deterministic encoder without a model: each word adds to one of `dimension` values, chosen by its hash. Texts with
/// the same words have the same vector, and texts that share words are near each other. Safe for use by several
/// threads.
public final class HashedWords implements Encoder {
    private final int dimension;
    private final AtomicLong encoded = new AtomicLong();

    /// An encoder of 64 values.
    public HashedWords() {
        this(64);
    }

    public HashedWords(int dimension) {
        this.dimension = dimension;
    }

    @Override
    public String name() {
        return "hashed-words-" + dimension;
    }

    @Override
    public String fingerprint() {
        return name();
    }

    @Override
    public int dimension() {
        return dimension;
    }

    /// Texts embedded so far.
    public long encoded() {
        return encoded.get();
    }

    @Override
    public void encode(List<String> texts, MemorySegment rows) {
        for (int i = 0; i < texts.size(); i++) {
            float[] row = embed(texts.get(i));
            MemorySegment.copy(
                    row, 0, rows, ValueLayout.JAVA_FLOAT_UNALIGNED, (long) i * dimension * Float.BYTES, dimension);
            encoded.incrementAndGet();
        }
    }

    private float[] embed(String text) {
        float[] row = new float[dimension];
        for (String word : text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+", -1)) {
            row[Math.floorMod(word.hashCode() * 0x9E3779B9, dimension)] += 1;
        }
        double squares = 0;
        for (float value : row) {
            squares += value * value;
        }
        for (int i = 0; i < dimension; i++) {
            row[i] /= (float) Math.sqrt(squares);
        }
        return row;
    }

    @Override
    public void close() {}
}
