package umem.engine.embedding;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import umem.bindings.llama.GgufHeader;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Checksum;

/// What the file of an encoder says about itself.
///
/// @param pooling how its tokens' states become one
record EncoderFile(Path path, GgufHeader header, Pooling pooling) {
    /// Architectures whose graph embeds whole texts without a cache; others would generate, or crash.
    private static final Set<String> ARCHITECTURES =
            Set.of("bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "modern-bert", "neo-bert");

    /// Reads the header of a file.
    ///
    /// @throws UmemException of kind MODEL if the file is missing, damaged, no encoder, or declares no pooling
    static EncoderFile read(Path gguf) {
        GgufHeader header = GgufHeader.read(gguf);
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
        return new EncoderFile(gguf, header, pooling);
    }

    /// The name that the model gives itself, else that of the file.
    String name() {
        if (header.metadata().get("general.name") instanceof String name && !name.isBlank()) {
            return name;
        }
        return path.getFileName().toString().replaceFirst("\\.gguf$", "");
    }

    /// Identifies weights and pooling. Reads the whole file.
    ///
    /// @throws UmemException of kind STORAGE if it cannot be read
    String fingerprint() {
        return Checksum.of(path) + "-" + pooling.name().toLowerCase(Locale.ROOT);
    }

    /// Divides `dimension` values by their length.
    ///
    /// @throws UmemException of kind MODEL if they have none
    void normalise(float[] states, int from, int dimension) {
        double squares = 0;
        for (int i = from; i < from + dimension; i++) {
            squares += (double) states[i] * states[i];
        }
        double length = Math.sqrt(squares);
        if (!(length > 0 && length < Double.POSITIVE_INFINITY)) {
            throw new UmemException(
                    ErrorKind.MODEL,
                    "encoder " + path + " gives an embedding of length " + length
                            + "; its weights are damaged, fetch or convert it again");
        }
        for (int i = from; i < from + dimension; i++) {
            states[i] = (float) (states[i] / length);
        }
    }
}
