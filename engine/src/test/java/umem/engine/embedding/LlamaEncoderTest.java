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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
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

class LlamaEncoderTest {
    /// ggml's threads wait for each other by spinning, which on a busy machine takes longer than the work.
    private static final int THREADS = 1;

    private static final List<String> TEXTS = List.of(
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

    private static Provision provision;
    private static LlamaLibrary library;
    private static Encoder encoder;
    private static OnnxEncoder oracle;

    @BeforeAll
    static void open() throws IOException, OrtException {
        provision = Provision.standard(Progress.silent()).withOffline(true);
        library = LlamaLibrary.load(provision.libraries(Accelerator.CPU));
        encoder = Encoders.open(provision, library, Encoders.STANDARD, THREADS);
        oracle = new OnnxEncoder(provision.artifact(Encoders.STANDARD), Encoders.STANDARD);
    }

    @AfterAll
    static void close() throws OrtException {
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
        try (LlamaEncoder mean = LlamaEncoder.open(library, gguf, THREADS)) {
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
        assertThat(encoder.fingerprint()).matches("[0-9a-f]{64}-cls");
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
        LlamaEncoder other = LlamaEncoder.open(library, Encoders.file(provision, Encoders.STANDARD), 1);
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
        assertRefused(generative.toString(), "architecture llama", "is no text encoder", Encoders.STANDARD);
        assertRefused("no-such-encoder", "no encoder \"no-such-encoder\"", Encoders.STANDARD, "hf:");
    }

    private static void assertRefused(String reference, String... words) {
        assertThatThrownBy(() -> Encoders.open(provision, library, reference, 1))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
                .hasMessageContainingAll(words);
    }

    @Test
    void ranksSentencePairsAsPeopleDo() throws IOException {
        Path file = shared("data/similarity/stsb_dev.jsonl");
        Assumptions.assumeTrue(
                file != null, "skipped: shared/data/similarity/stsb_dev.jsonl is not beside this checkout");
        List<JsonNode> pairs = Files.readAllLines(file).stream()
                .limit(300)
                .map(line -> JsonMapper.shared().readTree(line))
                .toList();
        List<float[]> rows = encodeAll(
                encoder,
                pairs.stream()
                        .flatMap(pair -> java.util.stream.Stream.of(
                                pair.path("s1").asString(), pair.path("s2").asString()))
                        .toList());
        double[] cosines = new double[pairs.size()];
        double[] scores = new double[pairs.size()];
        for (int i = 0; i < pairs.size(); i++) {
            cosines[i] = dot(rows.get(2 * i), rows.get(2 * i + 1));
            scores[i] = pairs.get(i).path("score").asDouble();
        }
        double spearman = pearson(ranks(cosines), ranks(scores));
        System.out.printf("STS-B, first 300 pairs of dev: Spearman %.4f%n", spearman);
        assertThat(spearman).isGreaterThan(0.8);
    }

    private static @Nullable Path shared(String name) {
        Path folder = Path.of("").toAbsolutePath();
        for (int up = 0; up < 4 && folder != null; up++, folder = folder.getParent()) {
            Path file = folder.resolve("shared").resolve(name);
            if (Files.exists(file)) {
                return file;
            }
        }
        return null;
    }

    private static List<float[]> encodeAll(Encoder encoder, List<String> texts) {
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

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    private static double[] ranks(double[] values) {
        double[] ranks = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            int below = 0;
            int equal = 0;
            for (double value : values) {
                below += value < values[i] ? 1 : 0;
                equal += value == values[i] ? 1 : 0;
            }
            ranks[i] = below + (equal - 1) / 2.0;
        }
        return ranks;
    }

    private static double pearson(double[] a, double[] b) {
        double meanA = java.util.Arrays.stream(a).average().orElseThrow();
        double meanB = java.util.Arrays.stream(b).average().orElseThrow();
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (a[i] - meanA) * (b[i] - meanB);
            aa += (a[i] - meanA) * (a[i] - meanA);
            bb += (b[i] - meanB) * (b[i] - meanB);
        }
        return ab / Math.sqrt(aa * bb);
    }
}
