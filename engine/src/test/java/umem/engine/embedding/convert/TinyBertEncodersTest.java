package umem.engine.embedding.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.bindings.kernels.KernelLibrary;
import umem.bindings.kernels.Kernels;
import umem.bindings.llama.GgufHeader;
import umem.bindings.llama.GgufTensor;
import umem.bindings.llama.LlamaLibrary;
import umem.engine.embedding.BertEncoder;
import umem.engine.embedding.Encoder;
import umem.engine.embedding.LlamaEncoder;
import umem.engine.embedding.Pooling;
import umem.engine.testing.Seed;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

/// Our own forward pass against llama.cpp's, on random models, whole and damaged.
class TinyBertEncodersTest {
    private static final Provision PROVISION =
            Provision.standard(Progress.silent()).withOffline(true);
    private static final LlamaLibrary LIBRARY = LlamaLibrary.load(PROVISION.libraries(Accelerator.CPU));
    private static final Kernels KERNELS =
            KernelLibrary.load(PROVISION.kernels()).kernels();
    private static final List<String> TEXTS =
            List.of("", "a", "abc cab", "d d d d d d d d d d d d d d d d d", "ab c ".repeat(40), "cab abc d a b c");

    @TempDir
    Path folder;

    @Test
    void randomModelsGiveWhatLlamaCppGives() throws Exception {
        Seed.run(random -> {
            for (Pooling pooling : Pooling.values()) {
                for (TensorType type : TensorType.values()) {
                    Path gguf = convert(new TinyBert(random.nextLong()), pooling, type);
                    try (Encoder own = open(gguf);
                            Encoder llama = LlamaEncoder.open(LIBRARY, gguf, 1)) {
                        for (String text : TEXTS) {
                            assertThat(dot(own.encode(text), llama.encode(text)))
                                    .as("%s %s \"%s\"", pooling, type, text)
                                    .isGreaterThan(0.9999);
                        }
                    }
                }
            }
        });
    }

    @Test
    void weightsThatAreNoNumbersAreToldAtTheFirstText() throws IOException {
        try (Encoder own = open(convert(new TinyBert(3).scale(Float.NaN), Pooling.CLS, TensorType.F32))) {
            assertThatThrownBy(() -> own.encode("a"))
                    .isInstanceOfSatisfying(
                            UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
                    .hasMessageContaining("damaged");
        }
    }

    @Test
    void everyTruncationIsRefused() throws Exception {
        byte[] whole = Files.readAllBytes(convert(new TinyBert(4), Pooling.MEAN, TensorType.F32));
        Seed.run(random -> {
            for (int i = 0; i < 40; i++) {
                Path cut = folder.resolve("cut.gguf");
                Files.write(cut, java.util.Arrays.copyOf(whole, random.nextInt(whole.length - 64)));
                assertThatThrownBy(() -> open(cut)).isInstanceOf(UmemException.class);
            }
        });
    }

    @Test
    void aDamagedHeaderIsRefusedOrEmbedsAndNeverCrashes() throws Exception {
        Path gguf = convert(new TinyBert(5), Pooling.CLS, TensorType.F32);
        byte[] whole = Files.readAllBytes(gguf);
        long first = GgufHeader.read(gguf).tensors().values().stream()
                .mapToLong(GgufTensor::offset)
                .min()
                .orElseThrow();
        Seed.run(random -> {
            int refused = 0;
            for (int i = 0; i < 200; i++) {
                Path damaged = folder.resolve("damaged.gguf");
                Files.write(damaged, damage(whole, (int) first, random));
                try (Encoder own = open(damaged)) {
                    own.encode("abc");
                } catch (UmemException e) {
                    refused++;
                }
            }
            assertThat(refused).isPositive();
        });
    }

    private static byte[] damage(byte[] whole, int header, Random random) {
        byte[] bytes = whole.clone();
        // Sizes and shapes are small numbers: what is changed into another one is the most dangerous.
        bytes[header / 2 + random.nextInt(header / 2)] =
                (byte) (random.nextBoolean() ? random.nextInt(70) : random.nextInt(256));
        return bytes;
    }

    private static Encoder open(Path gguf) {
        return BertEncoder.open(LIBRARY, KERNELS, gguf, 2);
    }

    private Path convert(TinyBert model, Pooling pooling, TensorType type) throws IOException {
        OnnxSource source = TinyBert.write(folder, model.onnx(), TinyBert.TOKENIZER);
        Path gguf = folder.resolve("tiny-" + System.nanoTime() + ".gguf");
        BertConverter.convert(source, pooling, type, gguf);
        return gguf;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }
}
