package umem.bench.peer;

import java.util.List;

/// An encoder's model, open. For one thread.
public interface EncoderSession extends AutoCloseable {

    /// Embeds a batch of texts.
    ///
    /// @param texts the texts
    /// @param tokens their token ids, all of one length, for those that make none themselves
    /// @return a row of unit length for each text
    float[][] encode(List<String> texts, long[][] tokens);

    /// Frees the model.
    @Override
    void close();
}
