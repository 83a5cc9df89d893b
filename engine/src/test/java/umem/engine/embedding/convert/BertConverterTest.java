package umem.engine.embedding.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.bindings.llama.GgufHeader;
import umem.bindings.llama.LlamaLibrary;
import umem.engine.embedding.LlamaEncoder;
import umem.engine.embedding.Pooling;
import umem.engine.testing.Seed;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

class BertConverterTest {
    @TempDir
    private Path folder;

    @Test
    void writesWhatTheGraphSays() throws IOException {
        GgufHeader header = GgufHeader.read(convert(new TinyBert(1), Pooling.MEAN, TensorType.F32));
        assertThat(header.architecture()).isEqualTo("bert");
        assertThat(header.number("block_count", 0)).isEqualTo(2);
        assertThat(header.number("embedding_length", 0)).isEqualTo(TinyBert.WIDTH);
        assertThat(header.number("feed_forward_length", 0)).isEqualTo(64);
        assertThat(header.number("attention.head_count", 0)).isEqualTo(4);
        assertThat(header.number("context_length", 0)).isEqualTo(64);
        assertThat(header.number("pooling_type", 0)).isEqualTo(Pooling.MEAN.code());
        assertThat(header.metadata()).containsEntry("bert.attention.layer_norm_epsilon", (double) 1e-12f);
        assertThat(header.metadata()).containsEntry("tokenizer.ggml.cls_token_id", 2L);
        assertThat(header.tensorCount()).isEqualTo(5 + 2 * 16);
    }

    @Test
    void theFileEmbeds() throws IOException {
        Path gguf = convert(new TinyBert(2), Pooling.CLS, TensorType.F16);
        try (LlamaEncoder encoder = LlamaEncoder.open(library(), gguf, 1)) {
            assertThat(encoder.name()).isEqualTo("tiny");
            assertThat(encoder.dimension()).isEqualTo(TinyBert.WIDTH);
            float[] row = encoder.encode("abc cab");
            assertThat(encoder.encode("ABC  cab")).containsExactly(row);
            assertThat(encoder.encode("abc d")).isNotEqualTo(row);
            // Only what fits the context of 64 tokens counts.
            assertThat(encoder.encode("a ".repeat(100))).containsExactly(encoder.encode("a ".repeat(62)));
            double length = 0;
            for (float value : row) {
                length += value * value;
            }
            assertThat(length).isEqualTo(1, within(1e-5));
        }
    }

    @Test
    void weightsThatAreNoNumbersAreToldAtTheFirstText() throws IOException {
        Path gguf = convert(new TinyBert(3).scale(Float.NaN), Pooling.CLS, TensorType.F32);
        try (LlamaEncoder encoder = LlamaEncoder.open(library(), gguf, 1)) {
            assertThatThrownBy(() -> encoder.encode("a"))
                    .isInstanceOfSatisfying(
                            UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
                    .hasMessageContaining("damaged");
        }
    }

    @Test
    void refusesAnEncoderThatDoesNotDeclareItsPooling() throws IOException {
        Path gguf = folder.resolve("silent.gguf");
        new GgufWriter()
                .put("general.architecture", "bert")
                .put("bert.block_count", 1)
                .write(gguf);
        assertThatThrownBy(() -> LlamaEncoder.open(library(), gguf, 1))
                .isInstanceOf(UmemException.class)
                .hasMessageContainingAll("does not declare how it pools", "--pooling");
    }

    @Test
    void refusesOtherGraphs() {
        assertRefused(new TinyBert(4).dataType(3), "is not float32", "quantised");
        assertRefused(new TinyBert(5).activation("Relu"), "activation is not GELU");
        assertRefused(
                new TinyBert(6).extraWeight("bert.encoder.relative_attention_bias.weight"),
                "weights that BERT has not",
                "relative_attention_bias");
    }

    private void assertRefused(TinyBert model, String... words) {
        assertThatThrownBy(() -> convert(model, Pooling.CLS, TensorType.F32))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
                .hasMessageContainingAll(words);
    }

    @Test
    void everyTruncationOfTheModelIsRefused() throws Exception {
        byte[] onnx = new TinyBert(7).onnx();
        Seed.run(random -> {
            for (int i = 0; i < 60; i++) {
                int length = i < 20 ? i : random.nextInt(onnx.length);
                OnnxSource source = TinyBert.write(folder, Arrays.copyOf(onnx, length), TinyBert.TOKENIZER);
                assertThatThrownBy(() -> convert(source))
                        .as("%d of %d bytes", length, onnx.length)
                        .isInstanceOfSatisfying(
                                UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL));
            }
        });
    }

    @Test
    void damageAndGarbageAreConvertedOrRefusedNeverACrash() throws Exception {
        byte[] onnx = new TinyBert(8).onnx();
        Seed.run(random -> {
            for (int i = 0; i < 300; i++) {
                byte[] bytes = onnx.clone();
                if (i % 10 == 0) {
                    random.nextBytes(bytes);
                }
                for (int flips = 1 + random.nextInt(8); flips > 0; flips--) {
                    // Most of the file is weights; what is fragile is named near its end and beginning.
                    int span = random.nextBoolean() ? bytes.length : 400;
                    bytes[bytes.length - 1 - random.nextInt(span)] ^= (byte) (1 << random.nextInt(8));
                }
                try {
                    convert(TinyBert.write(folder, bytes, TinyBert.TOKENIZER));
                } catch (UmemException e) {
                    assertThat(e.kind()).isIn(ErrorKind.MODEL, ErrorKind.INPUT);
                }
            }
        });
    }

    @Test
    void refusesTokenizersThatItWouldChange() throws IOException {
        byte[] onnx = new TinyBert(9).onnx();
        String good = TinyBert.TOKENIZER;
        for (String[] bad : new String[][] {
            {"WordPiece", "BPE", "only WordPiece"},
            {"\"lowercase\": true", "\"lowercase\": false", "keeps case"},
            {"\"d\": 10", "\"d\": 12", "the model has 12 tokens"},
            {"\"d\": 10", "\"d\": 9", "gives the id 9 to both"},
            {"\"d\": 10", "\"d\": 1e99", "the id"},
            {"[SEP]", "[END]", "has no token [SEP]"},
            {"\"model\"", "\"modal\"", "of type \"\""},
            {"}}}", "", "malformed"},
        }) {
            OnnxSource source = TinyBert.write(folder, onnx, good.replace(bad[0], bad[1]));
            assertThatThrownBy(() -> convert(source))
                    .as(bad[2])
                    .isInstanceOfSatisfying(
                            UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                    .hasMessageContaining(bad[2]);
        }
    }

    @Test
    void findsTheTwoPartsInAJarAFolderOrBesideTheModel() throws IOException {
        byte[] onnx = new TinyBert(10).onnx();
        Path jar = folder.resolve("tiny.jar");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
            zip.putNextEntry(new ZipEntry("some/small.onnx"));
            zip.write(onnx);
            zip.putNextEntry(new ZipEntry("some/small-tokenizer.json"));
            zip.write(TinyBert.TOKENIZER.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
        Path model =
                Files.createDirectories(folder.resolve("mini").resolve("onnx")).resolve("model.onnx");
        Files.write(model, onnx);
        Files.writeString(folder.resolve("mini").resolve("tokenizer.json"), TinyBert.TOKENIZER);

        byte[] first = tensors(convert(OnnxSource.find(jar)));
        assertThat(OnnxSource.find(jar).name()).isEqualTo("small");
        for (Path path : new Path[] {folder.resolve("mini"), model}) {
            OnnxSource source = OnnxSource.find(path);
            assertThat(source.name()).isEqualTo("mini");
            assertThat(tensors(convert(source))).isEqualTo(first);
        }

        byte[] damaged = Files.readAllBytes(jar);
        Arrays.fill(damaged, 200, damaged.length / 2, (byte) 7);
        Files.write(jar, damaged);
        assertThatThrownBy(() -> convert(OnnxSource.find(jar)))
                .isInstanceOf(UmemException.class)
                .hasMessageContaining("fetch it again");
        Files.write(jar, new byte[1000]);
        assertThatThrownBy(() -> OnnxSource.find(jar)).hasMessageContaining("nor a jar that can be read");
        assertThatThrownBy(() -> OnnxSource.find(folder.resolve("none"))).hasMessageContaining("does not exist");
        assertThatThrownBy(() -> OnnxSource.find(Files.createDirectory(folder.resolve("empty"))))
                .hasMessageContaining("holds no file whose name ends in .onnx");
        try (var files = Files.list(folder)) {
            assertThat(files.map(Path::toString)).noneMatch(name -> name.endsWith(".part"));
        }
    }

    private static byte[] tensors(Path gguf) throws IOException {
        byte[] bytes = Files.readAllBytes(gguf);
        return Arrays.copyOfRange(
                bytes, bytes.length - (int) GgufHeader.read(gguf).tensorBytes(), bytes.length);
    }

    private Path convert(TinyBert model, Pooling pooling, TensorType type) throws IOException {
        OnnxSource source = TinyBert.write(folder, model.onnx(), TinyBert.TOKENIZER);
        Path gguf = folder.resolve("tiny.gguf");
        BertConverter.convert(source, pooling, type, gguf);
        return gguf;
    }

    private Path convert(OnnxSource source) throws IOException {
        Path gguf = folder.resolve("converted.gguf");
        Files.deleteIfExists(gguf);
        BertConverter.convert(source, Pooling.CLS, TensorType.F32, gguf);
        return gguf;
    }

    private static LlamaLibrary library() {
        Provision provision = Provision.standard(Progress.silent()).withOffline(true);
        return LlamaLibrary.load(provision.libraries(Accelerator.CPU));
    }
}
