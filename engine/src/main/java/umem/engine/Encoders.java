package umem.engine;

import java.nio.file.Path;
import umem.bindings.llama.LlamaLibrary;
import umem.engine.embedding.Encoder;
import umem.engine.embedding.Pooling;
import umem.engine.embedding.convert.BertConverter;
import umem.engine.embedding.convert.OnnxSource;
import umem.engine.embedding.convert.TensorType;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Provision;
import umem.provision.Provisioned;

/// From what a user calls an encoder to the encoder.
public final class Encoders {
    /// The encoder that is used where none is named: BGE small, English, 384 dimensions, 512 tokens.
    public static final String STANDARD = "bge-small-en-v1.5";

    /// Every ONNX encoder of the lock file is a BGE, and those are trained to be read at their first token.
    private static final Pooling POOLING = Pooling.CLS;

    private Encoders() {}

    /// Opens an encoder, fetched and converted first where it is not here.
    ///
    /// @param reference [#STANDARD] or another encoder of the lock file, a path to a GGUF file, or
    ///     `hf:owner/repository/file.gguf`
    /// @param threads threads that compute, 1 to 512
    /// @throws UmemException of kind SETUP or STORAGE if it cannot be had, MODEL if it is no encoder
    public static Encoder open(Provision provision, LlamaLibrary library, String reference, int threads) {
        Path gguf = file(provision, reference);
        return EncoderChoice.configured().open(provision::kernels, library, gguf, threads);
    }

    /// The GGUF file of an encoder, fetched and converted first where it is not here.
    public static Path file(Provision provision, String reference) {
        for (Provisioned artifact : provision.inventory()) {
            if (artifact.name().equals(reference) && artifact.kind().equals("encoder") && artifact.sha256() != null) {
                return converted(provision, reference, artifact.sha256());
            }
        }
        try {
            return provision.model(reference);
        } catch (UmemException e) {
            if (e.kind() != ErrorKind.MODEL || reference.startsWith("hf:")) {
                throw e;
            }
            throw new UmemException(
                    ErrorKind.MODEL,
                    "no encoder \"" + reference + "\": it is neither " + STANDARD
                            + ", nor a GGUF file, nor hf:owner/repository/file.gguf",
                    e);
        }
    }

    private static Path converted(Provision provision, String name, String sha256) {
        String key = name + "-" + sha256.substring(0, 16) + "-" + BertConverter.VERSION + ".gguf";
        return provision.derived(
                "encoder",
                key,
                target -> BertConverter.convert(
                        OnnxSource.find(provision.artifact(name)), POOLING, TensorType.F32, target));
    }
}
