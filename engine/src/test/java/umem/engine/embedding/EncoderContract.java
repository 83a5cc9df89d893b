package umem.engine.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import umem.bindings.llama.LlamaLibrary;
import umem.engine.Encoders;
import umem.engine.embedding.convert.BertConverter;
import umem.engine.embedding.convert.OnnxSource;
import umem.engine.embedding.convert.TensorType;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

/// What every encoder keeps, with the standard model and against ONNX Runtime.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class EncoderContract {
    static final List<String> TEXTS = List.of(
            "",
            " \t\n ",
            "a",
            "The parcel weighs 34 kg, and whatever is above 30 kg leaves by rail.",
            "THE PARCEL WEIGHS 34 KG, AND WHATEVER IS ABOVE 30 KG LEAVES BY RAIL!",
            "Naïve café, résumé, Ångström, über, Œuvre, ﬁne ½ ①",
            "Привет, мир",
            "你好，世界。日本語のテキストと漢字",
            "مرحبا بالعالم",
            "Good 🙂 job 🚀👩‍👩‍👧 done",
            "for (int i = 0; i < n; i++) { sum += a[i] * 3.5e-7f; } // O(n)",
            "SELECT name, COUNT(*) FROM t WHERE x <> 'y''s' GROUP BY 1;",
            "https://example.org/a/b?c=d&e=%20f#g and mail@example.org",
            "\\frac{1}{2} \\cdot \\sqrt{3x^2} \\le \\pi",
            "tab\tnew line\ncarriage return\r\nzero width\u200bnon-break\u00a0space",
            "null\u0000byte",
            "antidisestablishmentarianism floccinaucinihilipilification",
            "1234567890 3.14159 1,000,000 -40°C 50% $12.99",
            "(((([[[[{{{{----____====++++",
            "a long text that goes beyond the context of the encoder ".repeat(60));

    Provision provision;
    LlamaLibrary library;
    Encoder encoder;
    private OnnxEncoder oracle;

    /// Opens the class under test.
    abstract Encoder open(Path gguf);

    @BeforeAll
    void open() throws IOException, OrtException {
        provision = Provision.standard(Progress.silent()).withOffline(true);
        library = LlamaLibrary.load(provision.libraries(Accelerator.CPU));
        encoder = open(Encoders.file(provision, Encoders.STANDARD));
        oracle = new OnnxEncoder(provision.artifact(Encoders.STANDARD), Encoders.STANDARD);
    }

    @AfterAll
    void close() throws OrtException {
        oracle.close();
        encoder.close();
        encoder.close();
        assertThatThrownBy(() -> encoder.encode("late")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void agreesWithOnnxRuntimeOnTheSameModel() throws OrtException {
        List<float[]> rows = encodeAll(encoder, TEXTS);
        for (int i = 0; i < TEXTS.size(); i++) {
            assertThat(dot(rows.get(i), oracle.encode(TEXTS.get(i), Pooling.CLS)))
                    .as("cosine with ONNX Runtime for \"%.60s\"", TEXTS.get(i))
                    .isGreaterThan(0.9999);
        }
    }

    @Test
    void convertsWithMeanPoolingAndHalfPrecisionToo(@TempDir Path folder) throws IOException, OrtException {
        Path gguf = folder.resolve("mean.gguf");
        OnnxSource source = OnnxSource.find(provision.artifact(Encoders.STANDARD));
        BertConverter.convert(source, Pooling.MEAN, TensorType.F16, gguf);
        assertThat(folder).isDirectoryContaining("glob:**mean.gguf");
        try (var files = Files.list(folder)) {
            assertThat(files).as("nothing else is left").hasSize(1);
        }
        assertThat(Files.size(gguf)).isLessThan(70_000_000);
        try (Encoder mean = open(gguf)) {
            assertThat(mean.name()).isEqualTo(Encoders.STANDARD);
            assertThat(mean.fingerprint()).endsWith("-mean").isNotEqualTo(encoder.fingerprint());
            for (String text : TEXTS.subList(0, 8)) {
                assertThat(dot(mean.encode(text), oracle.encode(text, Pooling.MEAN)))
                        .as("cosine with ONNX Runtime for \"%s\"", text)
                        .isGreaterThan(0.9999);
            }
        }
    }

    @Test
    void tellsWhatItIs() {
        assertThat(encoder.name()).isEqualTo("bge-small-en-v1.5");
        assertThat(encoder.dimension()).isEqualTo(384);
        assertThat(encoder.fingerprint()).matches("(bert-1-)?[0-9a-f]{64}-cls");
    }

    @Test
    void aRowIsOfUnitLengthAndDependsOnNothingButItsText() {
        List<String> some = new ArrayList<>(TEXTS.subList(0, 19));
        List<float[]> rows = encodeAll(encoder, some);
        rows.forEach(row -> assertThat(dot(row, row)).isEqualTo(1, within(1e-6)));
        List<Integer> order = new ArrayList<>(
                java.util.stream.IntStream.range(0, some.size()).boxed().toList());
        Collections.reverse(order);
        List<float[]> reversed =
                encodeAll(encoder, order.stream().map(some::get).toList());
        for (int i = 0; i < order.size(); i++) {
            assertThat(reversed.get(i)).containsExactly(rows.get(order.get(i)));
            assertThat(encoder.encode(some.get(order.get(i)))).containsExactly(rows.get(order.get(i)));
        }
    }

    @Test
    void writesBehindNoRowAndRefusesASegmentThatIsTooSmall() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rows = arena.allocate(ValueLayout.JAVA_FLOAT, 2L * encoder.dimension() + 1);
            rows.setAtIndex(ValueLayout.JAVA_FLOAT, 2L * encoder.dimension(), 42);
            encoder.encode(List.of("one", "two"), rows);
            assertThat(rows.getAtIndex(ValueLayout.JAVA_FLOAT, 2L * encoder.dimension()))
                    .isEqualTo(42);
            encoder.encode(List.of(), MemorySegment.NULL);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> encoder.encode(List.of("one", "two", "three"), rows))
                    .withMessageContaining("do not fit");
        }
    }

    @Test
    void cutsAVeryLongTextWithoutReadingAllOfIt() {
        String text = "word ".repeat(2_000_000);
        assertThat(encoder.encode(text)).containsExactly(encoder.encode("word ".repeat(600)));
        // A surrogate pair that the cut would split.
        assertThat(encoder.encode("x" + "🚀".repeat(40_000))).hasSize(encoder.dimension());
    }

    @Test
    void manyThreadsGetTheRowsThatOneGets() throws Exception {
        List<String> some = TEXTS.subList(2, 6);
        List<float[]> expected = encodeAll(encoder, some);
        try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
            List<Future<List<float[]>>> results = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                results.add(executor.submit(() -> encodeAll(encoder, some)));
            }
            for (Future<List<float[]>> result : results) {
                assertThat(result.get()).usingRecursiveComparison().isEqualTo(expected);
            }
        }
    }

    @Test
    void closingWhileOthersEncodeIsSafe() throws Exception {
        Encoder other = open(Encoders.file(provision, Encoders.STANDARD));
        try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
            List<Future<Integer>> results = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                results.add(executor.submit(() -> encodeUntilClosed(other)));
            }
            Thread.sleep(100);
            other.close();
            for (Future<Integer> result : results) {
                assertThat(result.get()).isNotNegative();
            }
        }
    }

    private static int encodeUntilClosed(Encoder encoder) {
        for (int count = 0; ; count++) {
            try {
                encoder.encode("text " + count);
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("closed");
                return count;
            }
        }
    }

    @Test
    void anInterruptedCallerIsToldSoAndOthersGoOn() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> encoder.encode("text"))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INTERRUPTED));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(encoder.encode("text")).hasSize(384);
    }

    @Test
    void refusesWhatIsNoEncoder() {
        Path generative = provision.artifact("smollm2-135m-instruct");
        assertRefused(generative, "architecture llama", "is no text encoder", Encoders.STANDARD);
    }

    private void assertRefused(Path gguf, String... words) {
        assertThatThrownBy(() -> open(gguf))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
                .hasMessageContainingAll(words);
    }

    static List<float[]> encodeAll(Encoder encoder, List<String> texts) {
        try (Arena arena = Arena.ofConfined()) {
            int dimension = encoder.dimension();
            MemorySegment rows = arena.allocate(ValueLayout.JAVA_FLOAT, (long) dimension * texts.size());
            encoder.encode(texts, rows);
            List<float[]> result = new ArrayList<>();
            for (int i = 0; i < texts.size(); i++) {
                result.add(rows.asSlice(4L * dimension * i, 4L * dimension).toArray(ValueLayout.JAVA_FLOAT));
            }
            return result;
        }
    }

    static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }
}
