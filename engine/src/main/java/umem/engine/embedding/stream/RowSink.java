package umem.engine.embedding.stream;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// Where embeddings go, in the order of their texts. One thread at a time.
@FunctionalInterface
public interface RowSink {
    /// Takes the next rows.
    ///
    /// @param texts at least one
    /// @param rows one row of native-order float32 values a text; not to be kept
    /// @throws umem.error.UmemException of kind STORAGE if they cannot be written
    void accept(List<String> texts, MemorySegment rows);
}
