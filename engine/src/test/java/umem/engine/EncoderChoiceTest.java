package umem.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import umem.bindings.llama.LlamaLibrary;
import umem.engine.embedding.BertEncoder;
import umem.engine.embedding.Encoder;
import umem.engine.embedding.LlamaEncoder;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

class EncoderChoiceTest {
    private static final Provision PROVISION =
            Provision.standard(Progress.silent()).withOffline(true);
    private static final LlamaLibrary LIBRARY = LlamaLibrary.load(PROVISION.libraries(Accelerator.CPU));
    private static final Path GGUF = Encoders.file(PROVISION, Encoders.STANDARD);
    private static final Supplier<Path> NO_COMPILER = () -> {
        throw new UmemException(ErrorKind.SETUP, "g++ is missing");
    };

    @AfterEach
    void reset() {
        System.clearProperty("umem.encoder");
        System.clearProperty("umem.kernels");
    }

    @Test
    void theStandardEncoderRunsInOurKernels() {
        try (Encoder encoder = Encoders.open(PROVISION, LIBRARY, Encoders.STANDARD, 1)) {
            assertThat(encoder).isInstanceOf(BertEncoder.class);
            assertThat(encoder.fingerprint()).startsWith("bert-1-");
        }
    }

    @Test
    void withoutKernelsItRunsInLlamaCppUnlessTheyAreInsistedOn() {
        try (Encoder encoder = EncoderChoice.AUTO.open(NO_COMPILER, LIBRARY, GGUF, 1)) {
            assertThat(encoder).isInstanceOf(LlamaEncoder.class);
            assertThat(encoder.fingerprint()).doesNotStartWith("bert-1-");
        }
        assertThatThrownBy(() -> EncoderChoice.NATIVE.open(NO_COMPILER, LIBRARY, GGUF, 1))
                .isInstanceOf(UmemException.class)
                .hasMessage("g++ is missing");
    }

    @Test
    void propertiesChoose() {
        System.setProperty("umem.encoder", "llama");
        try (Encoder encoder = Encoders.open(PROVISION, LIBRARY, Encoders.STANDARD, 1)) {
            assertThat(encoder).isInstanceOf(LlamaEncoder.class);
        }
        System.setProperty("umem.encoder", "native");
        System.setProperty("umem.kernels", "portable");
        try (Encoder encoder = Encoders.open(PROVISION, LIBRARY, Encoders.STANDARD, 1)) {
            assertThat(encoder).isInstanceOf(BertEncoder.class);
        }
        System.setProperty("umem.encoder", "cuda");
        assertThatThrownBy(() -> Encoders.open(PROVISION, LIBRARY, Encoders.STANDARD, 1))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.USAGE))
                .hasMessageContainingAll("umem.encoder", "cuda", "[auto, native, llama]");
    }

    @Test
    void refusesWhatIsNoEncoder() {
        assertThatThrownBy(() -> Encoders.open(PROVISION, LIBRARY, "no-such-encoder", 1))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
                .hasMessageContainingAll("no encoder \"no-such-encoder\"", Encoders.STANDARD, "hf:");
    }
}
