package umem.engine.embedding;

import java.nio.file.Path;

class LlamaEncoderTest extends EncoderContract {
    @Override
    Encoder open(Path gguf) {
        // One thread: ggml's wait for each other by spinning, which on a busy machine takes longer than the work.
        return LlamaEncoder.open(library, gguf, 1);
    }
}
