package umem.engine.embedding;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// The encoder `e(.)`: a pretrained sentence embedding, L2-normalised, so that a dot product is a cosine.
///
/// Safe for use by several threads; calls are serialised.
public interface Encoder extends AutoCloseable {

    /// A short name for reports, such as `bge-small-en-v1.5`.
    String name();

    /// Identifies the weights and the pooling; vectors of encoders with different fingerprints must not be mixed.
    String fingerprint();

    /// Length of every embedding, at least 1.
    int dimension();

    /// Embeds texts.
    ///
    /// @param texts any texts; what exceeds the encoder's context is cut at its end
    /// @param rows receives `texts.size()` consecutive rows of [#dimension()] native-order float32 values, each of unit
    ///     length; must hold at least `texts.size() * dimension() * 4` bytes, any alignment of 4
    void encode(List<String> texts, MemorySegment rows);

    /// Embeds one text.
    ///
    /// @return a new array of length [#dimension()], of unit length
    default float[] encode(String text) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = arena.allocate(ValueLayout.JAVA_FLOAT, dimension());
            encode(List.of(text), row);
            return row.toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    /// Frees the model. Idempotent.
    @Override
    void close();
}
