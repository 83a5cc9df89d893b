package umem.bench.peer;

import java.nio.file.Path;

/// A way to compute the default encoder's model: a peer's, which [java.util.ServiceLoader] finds in the folder of the
/// peers.
public interface EncoderEngine {

    /// A short name, the key of its ratio in the results: `onnxruntime`.
    String name();

    /// Its version.
    String version();

    /// What its time holds, in a few words: whether it turns the text into tokens itself, which threads it uses.
    String terms();

    /// Opens the model.
    ///
    /// @param jar holds `bge-small-en-v1.5.onnx` and its tokenizer
    /// @param threads threads that compute, where it lets itself be told
    EncoderSession open(Path jar, int threads);
}
