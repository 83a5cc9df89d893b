package umem.engine;

import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import umem.bindings.kernels.InstructionSet;
import umem.bindings.kernels.KernelLibrary;
import umem.bindings.kernels.Kernels;
import umem.bindings.llama.GgufHeader;
import umem.bindings.llama.LlamaLibrary;
import umem.engine.embedding.BertEncoder;
import umem.engine.embedding.Encoder;
import umem.engine.embedding.LlamaEncoder;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// What computes an encoder. The system property `umem.encoder` chooses, [#AUTO] where it is not set.
enum EncoderChoice {
    /// Our own kernels where they can compute the model and there is no GPU, else llama.cpp.
    AUTO,
    /// Our own kernels, or nothing.
    NATIVE,
    /// llama.cpp.
    LLAMA;

    private static final System.Logger LOG = System.getLogger(EncoderChoice.class.getName());
    private static final String PROPERTY = "umem.encoder";

    /// Names the kernels' instruction set, the fastest where it is not set: to compare them.
    private static final String SET_PROPERTY = "umem.kernels";

    /// @throws UmemException of kind USAGE if the property names none
    static EncoderChoice configured() {
        return named(EncoderChoice.class, PROPERTY, AUTO.name());
    }

    /// Opens an encoder.
    ///
    /// @param kernelFile provides the library of kernels, or throws where it cannot be had
    Encoder open(Supplier<Path> kernelFile, LlamaLibrary library, Path gguf, int threads) {
        boolean own =
                this == NATIVE || this == AUTO && !library.hasGpu() && BertEncoder.isSupported(GgufHeader.read(gguf));
        if (!own) {
            return LlamaEncoder.open(library, gguf, threads);
        }
        Kernels kernels;
        try {
            kernels = kernels(KernelLibrary.load(kernelFile.get()));
        } catch (UmemException e) {
            if (this == NATIVE || e.kind() == ErrorKind.INTERRUPTED || e.kind() == ErrorKind.USAGE) {
                throw e;
            }
            LOG.log(
                    Level.WARNING,
                    "the encoder runs in llama.cpp, two to four times slower: {0}",
                    String.valueOf(e.getMessage()));
            return LlamaEncoder.open(library, gguf, threads);
        }
        if (this == AUTO && kernels.instructionSet() == InstructionSet.PORTABLE && isX86()) {
            return LlamaEncoder.open(library, gguf, threads);
        }
        return BertEncoder.open(library, kernels, gguf, threads);
    }

    /// An x86 without AVX2 may lack fused multiply-add, without which the portable kernels are slower than llama.cpp.
    private static boolean isX86() {
        return System.getProperty("os.arch", "").equals("amd64");
    }

    private static Kernels kernels(KernelLibrary library) {
        InstructionSet fastest = library.instructionSets().getLast();
        return library.kernels(named(InstructionSet.class, SET_PROPERTY, fastest.name()));
    }

    private static <E extends Enum<E>> E named(Class<E> type, String property, String fallback) {
        String value = System.getProperty(property, fallback);
        try {
            return Enum.valueOf(type, value.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new UmemException(
                    ErrorKind.USAGE,
                    "the property " + property + " is \"" + value + "\"; it can be one of "
                            + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT),
                    e);
        }
    }
}
