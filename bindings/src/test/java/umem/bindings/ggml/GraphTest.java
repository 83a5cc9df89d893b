package umem.bindings.ggml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static umem.bindings.ggml.TensorType.BF16;
import static umem.bindings.ggml.TensorType.F16;
import static umem.bindings.ggml.TensorType.F32;
import static umem.bindings.ggml.TensorType.I32;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import umem.bindings.ggml.TensorBuffer.Plan;
import umem.bindings.llama.LlamaLibrary;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

/// On the CPU backend; operations against plain Java.
class GraphTest {
    private static Backend backend;

    @BeforeAll
    static void open() {
        backend = Backend.cpu(library(), 1);
    }

    /// Throws if a test left a buffer or a graph open.
    @AfterAll
    static void close() {
        backend.close();
        backend.close();
        assertThatIllegalStateException().isThrownBy(() -> new GraphBuilder(backend, 1));
    }

    private static LlamaLibrary library() {
        return LlamaLibrary.load(Provision.standard(Progress.silent()).libraries(Accelerator.CPU));
    }

    @Test
    void productsOfRowsAreThoseOfPlainJava() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            int n = 1 + random.nextInt(100);
            int r = 1 + random.nextInt(50);
            int s = 1 + random.nextInt(20);
            float[] a = gaussian(random, n * r);
            float[] b = gaussian(random, n * s);
            float[] products = compute(
                    graph -> {
                        Tensor x = graph.input(F32, n, r);
                        Tensor y = graph.input(F32, n, s);
                        return new Described(graph.mulMat(x, y), x, y);
                    },
                    a,
                    b);
            for (int i = 0; i < r * s; i++) {
                double sum = 0;
                for (int j = 0; j < n; j++) {
                    sum += (double) a[i % r * n + j] * b[i / r * n + j];
                }
                assertThat((double) products[i]).as("seed %d", seed).isCloseTo(sum, Offset.offset(1e-4));
            }
        }
    }

    @Test
    void viewsAndCopiesRearrange() {
        float[] a = {1, 2, 3, 4, 5, 6};
        assertThat(unary(a, 3, (g, x) -> g.cont(g.transpose(x)))).containsExactly(1, 4, 2, 5, 3, 6);
        assertThat(unary(a, 3, (g, x) -> g.cont(g.permute(x, 2, 1, 0, 3)))).containsExactly(1, 4, 2, 5, 3, 6);
        assertThat(unary(a, 3, (g, x) -> g.reshape(x, 2, 3))).containsExactly(a);
        assertThat(unary(a, 3, (g, x) -> g.rows(x, 1, 1))).containsExactly(4, 5, 6);
        assertThat(unary(a, 3, (g, x) -> g.cont(g.view(x, new long[] {2, 2, 1, 1}, new long[] {12, 24, 24}, 4))))
                .containsExactly(2, 3, 5, 6);
        assertThat(unary(a, 3, (g, x) -> g.add(x, g.rows(x, 1, 1)))).containsExactly(5, 7, 9, 8, 10, 12);
        assertThat(unary(a, 3, (g, x) -> g.mul(x, x))).containsExactly(1, 4, 9, 16, 25, 36);
        assertThat(unary(a, 3, (g, x) -> g.scale(x, -2))).containsExactly(-2, -4, -6, -8, -10, -12);
        assertThat(unary(a, 3, (g, x) -> g.cast(g.cast(g.scale(x, 1 / 3f), F16), F32)))
                .containsExactly(halves(1 / 3f, 2 / 3f, 1, 4 / 3f, 5 / 3f, 2));
        assertThat(unary(a, 3, (g, x) -> g.cast(g.cast(x, BF16), F32))).containsExactly(a);
    }

    @Test
    void theGreatestOfARowAreFoundAndFetched() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            int n = 1 + random.nextInt(200);
            int rows = 1 + random.nextInt(5);
            int k = 1 + random.nextInt(n);
            float[] a = gaussian(random, n * rows);
            float[] found = compute(
                    graph -> {
                        Tensor x = graph.input(F32, n, rows);
                        Tensor top = graph.topK(x, k);
                        return new Described(graph.getRows(graph.reshape(x, 1, n, rows), top), x);
                    },
                    a);
            float[] ordered = compute(
                    graph -> {
                        Tensor x = graph.input(F32, n, rows);
                        return new Described(graph.getRows(graph.reshape(x, 1, n, rows), graph.argsort(x)), x);
                    },
                    a);
            for (int row = 0; row < rows; row++) {
                float[] expected = java.util.Arrays.copyOfRange(a, row * n, row * n + n);
                float[] top = java.util.Arrays.copyOfRange(found, row * k, row * k + k);
                java.util.Arrays.sort(expected);
                java.util.Arrays.sort(top);
                assertThat(top).as("seed %d", seed).containsExactly(java.util.Arrays.copyOfRange(expected, n - k, n));
                for (int i = 0; i < n; i++) {
                    assertThat(ordered[row * n + i]).as("seed %d", seed).isEqualTo(expected[n - 1 - i]);
                }
            }
        }
    }

    @Test
    void storedTensorsKeepWhatGraphsWriteIntoThem() {
        try (TensorBuffer buffer = TensorBuffer.allocate(backend, List.of(new Plan(F16, 4, 3), new Plan(F32, 4)))) {
            Tensor matrix = buffer.tensor(0);
            assertThat(buffer.tensors()).extracting(Tensor::toString).containsExactly("F16 [4, 3]", "F32 [4]");
            float[] zeros = new float[4];
            buffer.tensor(1).get(MemorySegment.ofArray(zeros));
            assertThat(zeros).containsOnly(0);
            try (GraphBuilder builder = new GraphBuilder(backend, 8)) {
                Tensor x = builder.input(F32, 4);
                Tensor second = builder.copy(x, builder.rows(matrix, 1, 1));
                try (Graph graph = builder.build(second)) {
                    x.set(MemorySegment.ofArray(new float[] {1, 2, 3, 4}));
                    graph.compute();
                    assertThatIllegalStateException()
                            .isThrownBy(buffer::close)
                            .withMessage("the buffer is still used by 1 open graphs");
                    assertThat(graph.bytes()).isPositive();
                }
            }
            short[] row = new short[12];
            matrix.get(MemorySegment.ofArray(row));
            assertThat(row).containsExactly(0, 0, 0, 0, 0x3c00, 0x4000, 0x4200, 0x4400, 0, 0, 0, 0);
            matrix.set(8, MemorySegment.ofArray(new short[] {7}));
            short[] one = new short[1];
            matrix.get(8, MemorySegment.ofArray(one));
            assertThat(one).containsExactly(7);
        }
    }

    @Test
    void aGraphCanBeComputedAgainWithOtherInputs() {
        try (GraphBuilder builder = new GraphBuilder(backend, 8)) {
            Tensor x = builder.input(F32, 2);
            Tensor y = builder.input(F32, 2);
            Tensor sum = builder.add(builder.scale(x, 2), y);
            try (Graph graph = builder.build(sum)) {
                graph.compute();
                assertThat(values(sum)).containsExactly(0, 0);
                x.set(MemorySegment.ofArray(new float[] {1, 2}));
                graph.compute();
                assertThat(values(sum)).containsExactly(2, 4);
                y.set(4, MemorySegment.ofArray(new float[] {5}));
                graph.compute();
                graph.compute();
                assertThat(values(sum)).containsExactly(2, 9);
                graph.close();
                assertThatIllegalStateException().isThrownBy(graph::compute);
                assertThatIllegalStateException().isThrownBy(() -> values(sum));
                assertThatIllegalStateException().isThrownBy(() -> x.set(MemorySegment.ofArray(new float[2])));
            }
            assertThatIllegalStateException().isThrownBy(() -> builder.scale(x, 1));
        }
    }

    /// Each of these would end the process.
    @Test
    void whatGgmlWouldAbortForIsRefused() {
        try (GraphBuilder g = new GraphBuilder(backend, 64);
                TensorBuffer buffer = TensorBuffer.allocate(backend, List.of(new Plan(I32, 2)))) {
            Tensor x = g.input(F32, 4, 3);
            Tensor h = g.input(F16, 4, 3);
            Tensor i = g.input(I32, 3);
            refused(() -> g.input(F32));
            refused(() -> g.input(F32, 1, 1, 1, 1, 1));
            refused(() -> g.input(F32, 0));
            refused(() -> g.input(F32, Long.MAX_VALUE));
            refused(() -> g.input(F32, 1L << 40, 1L << 40));
            refused(() -> g.mulMat(x, g.input(F32, 3, 4)));
            refused(() -> g.mulMat(x, h));
            refused(() -> g.mulMat(i, x));
            refused(() -> g.mulMat(g.transpose(x), g.input(F32, 3)));
            refused(() -> g.mulMat(g.input(F32, 4, 1, 2), g.input(F32, 4, 1, 3)));
            refused(() -> g.topK(x, 0));
            refused(() -> g.topK(x, 5));
            refused(() -> g.topK(h, 1));
            refused(() -> g.topK(g.transpose(x), 1));
            refused(() -> g.argsort(i));
            refused(() -> g.getRows(x, x));
            refused(() -> g.getRows(x, g.input(I32, 1, 2)));
            refused(() -> g.getRows(x, g.argsort(x)));
            refused(() -> g.reshape(x, 5));
            refused(() -> g.reshape(g.transpose(x), 12));
            refused(() -> g.view(x, new long[] {4, 4, 1, 1}, new long[] {16, 64, 64}, 0));
            refused(() -> g.view(x, new long[] {4, 1, 1, 1}, new long[] {16, 16, 16}, 36));
            refused(() -> g.view(x, new long[] {4, 1, 1, 1}, new long[] {16, 16, 16}, -4));
            refused(() -> g.view(x, new long[] {4, 1, 1, 1}, new long[] {16, 16, 16}, 2));
            refused(() -> g.view(x, new long[] {4, 2, 1, 1}, new long[] {48, 48, 48}, 0));
            refused(() -> g.view(x, new long[] {1, 2, 2, 2}, new long[] {Long.MAX_VALUE, 4, 4}, 0));
            refused(() -> g.rows(x, 2, 2));
            refused(() -> g.rows(x, -1, 1));
            refused(() -> g.permute(x, 0, 1, 2, 2));
            refused(() -> g.permute(x, 0, 1, 2, 4));
            refused(() -> g.permute(x, 0, 1));
            refused(() -> g.cast(i, F32));
            refused(() -> g.copy(x, g.input(F32, 5)));
            refused(() -> g.add(x, g.input(F32, 3)));
            refused(() -> g.add(x, h));
            refused(() -> g.mul(x, g.transpose(x)));
            refused(() -> g.scale(h, 1));
            refused(g::build);
            refused(() -> g.build(buffer.tensor(0)));
            refused(() -> x.get(MemorySegment.ofArray(new float[3])));
            assertThatIllegalStateException().isThrownBy(() -> x.set(MemorySegment.ofArray(new float[12])));
            try (GraphBuilder other = new GraphBuilder(backend, 8)) {
                refused(() -> other.scale(x, 1));
            }
        }
        refused(() -> Backend.cpu(library(), 0));
        refused(() -> new GraphBuilder(backend, 0));
        refused(() -> new GraphBuilder(backend, Integer.MAX_VALUE));
        refused(() -> TensorBuffer.allocate(backend, List.of()));
    }

    @Test
    void indicesOutOfRangeAreRefusedWheneverTheyAreSet() {
        try (TensorBuffer buffer = TensorBuffer.allocate(backend, List.of(new Plan(I32, 2), new Plan(I32, 2)))) {
            buffer.tensor(0).set(MemorySegment.ofArray(new int[] {0, 3}));
            try (GraphBuilder g = new GraphBuilder(backend, 16)) {
                Tensor x = g.input(F32, 4, 3);
                Tensor i = g.input(I32, 2);
                refused(() -> g.getRows(x, buffer.tensor(0)));
                Tensor rows = g.getRows(x, g.view(i, new long[] {2, 1, 1, 1}, new long[] {8, 8, 8}, 0));
                Tensor others = g.getRows(x, buffer.tensor(1));
                try (Graph graph = g.build(rows, others)) {
                    x.set(MemorySegment.ofArray(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
                    refused(() -> i.set(MemorySegment.ofArray(new int[] {0, 3})));
                    refused(() -> i.set(MemorySegment.ofArray(new int[] {-1, 0})));
                    refused(() -> buffer.tensor(1).set(4, MemorySegment.ofArray(new int[] {3})));
                    graph.compute();
                    assertThat(values(rows)).containsExactly(0, 1, 2, 3, 0, 1, 2, 3);
                    i.set(MemorySegment.ofArray(new int[] {2, 1}));
                    buffer.tensor(1).set(4, MemorySegment.ofArray(new int[] {1}));
                    graph.compute();
                    assertThat(values(rows)).containsExactly(8, 9, 10, 11, 4, 5, 6, 7);
                    assertThat(values(others)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
                }
            }
        }
    }

    @Test
    void dataThatDoesNotFitIsRefused() {
        try (TensorBuffer buffer = TensorBuffer.allocate(backend, List.of(new Plan(F32, 4)));
                Arena arena = Arena.ofConfined()) {
            Tensor x = buffer.tensor(0);
            refused(() -> x.set(arena.allocate(20)));
            refused(() -> x.set(4, arena.allocate(16)));
            refused(() -> x.set(2, arena.allocate(4)));
            refused(() -> x.set(-4, arena.allocate(4)));
            refused(() -> x.set(0, arena.allocate(3)));
            refused(() -> x.get(16, arena.allocate(4)));
            refused(() -> x.get(Long.MAX_VALUE - 3, arena.allocate(4)));
            MemorySegment unaligned = arena.allocate(9).asSlice(1);
            unaligned.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, 3);
            x.set(8, unaligned);
            assertThat(values(x)).containsExactly(0, 0, 3, 0);
            buffer.close();
            assertThatIllegalStateException().isThrownBy(() -> values(x));
            assertThatIllegalStateException().isThrownBy(() -> {
                try (GraphBuilder g = new GraphBuilder(backend, 4)) {
                    g.scale(x, 1);
                }
            });
        }
    }

    @Test
    void tooManyTensorsTooLongAChainAndTooMuchMemoryAreRefused() {
        try (GraphBuilder g = new GraphBuilder(backend, 3)) {
            Tensor x = g.input(F32, 1);
            g.scale(g.scale(x, 2), 2);
            assertThatIllegalStateException()
                    .isThrownBy(() -> g.scale(x, 2))
                    .withMessage("more than the 3 tensors that were planned");
        }
        try (GraphBuilder g = new GraphBuilder(backend, 5000)) {
            Tensor x = g.input(F32, 1);
            assertThatIllegalStateException()
                    .isThrownBy(() -> {
                        Tensor chain = x;
                        while (true) {
                            chain = g.scale(chain, 1);
                        }
                    })
                    .withMessageStartingWith("more than 2048 operations in a row");
        }
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> TensorBuffer.allocate(backend, List.of(new Plan(F32, 1L << 45))))
                .withMessageStartingWith("not enough memory on CPU: tensors such as F32 [35184372088832] take")
                .extracting(UmemException::kind)
                .isEqualTo(ErrorKind.NATIVE);
        try (GraphBuilder g = new GraphBuilder(backend, 3)) {
            Tensor product = g.mulMat(g.input(F32, 1, 1 << 22), g.input(F32, 1, 1 << 22));
            assertThatExceptionOfType(UmemException.class)
                    .isThrownBy(() -> g.build(product))
                    .withMessageStartingWith("not enough memory on CPU: the intermediate results");
        }
    }

    /// 2048 operations in a row fit on the small stack of a thread.
    @Test
    void theLongestChainIsComputed() throws Exception {
        Thread thread = new Thread(
                null,
                () -> {
                    try (GraphBuilder g = new GraphBuilder(backend, 2049)) {
                        Tensor x = g.input(F32, 1);
                        Tensor chain = x;
                        for (int i = 0; i < 2048; i++) {
                            chain = g.scale(chain, 1);
                        }
                        try (Graph graph = g.build(chain)) {
                            x.set(MemorySegment.ofArray(new float[] {3}));
                            graph.compute();
                            assertThat(values(chain)).containsExactly(3);
                        }
                    }
                },
                "chain",
                512 << 10);
        List<Throwable> thrown = new ArrayList<>();
        thread.setUncaughtExceptionHandler((t, e) -> thrown.add(e));
        thread.start();
        thread.join();
        assertThat(thrown).isEmpty();
    }

    @Test
    void threadsShareABackend() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> running = IntStream.range(0, 4)
                    .<Future<?>>mapToObj(t -> threads.submit(() -> {
                        for (int round = 0; round < 50; round++) {
                            float value = t * 100 + round;
                            assertThat(unary(new float[] {value}, 1, (g, x) -> g.scale(x, 2)))
                                    .containsExactly(2 * value);
                        }
                    }))
                    .toList();
            for (Future<?> future : running) {
                future.get();
            }
        }
    }

    @Test
    void aGpuIsNotReplacedByTheCpu() {
        if (library().hasGpu()) {
            Backend.gpu(library()).close();
            return;
        }
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> Backend.gpu(library()))
                .withMessageStartingWith("no GPU");
    }

    private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatIllegalArgumentException().isThrownBy(call);
    }

    private record Described(Tensor output, Tensor... inputs) {}

    private interface Unary {
        Tensor apply(GraphBuilder builder, Tensor x);
    }

    private static float[] unary(float[] a, int columns, Unary operation) {
        return compute(
                graph -> {
                    Tensor x = graph.input(F32, columns, a.length / columns);
                    return new Described(operation.apply(graph, x), x);
                },
                a);
    }

    private static float[] compute(Function<GraphBuilder, Described> describe, float[]... inputs) {
        try (GraphBuilder builder = new GraphBuilder(backend, 16)) {
            Described described = describe.apply(builder);
            try (Graph graph = builder.build(described.output())) {
                for (int i = 0; i < inputs.length; i++) {
                    described.inputs()[i].set(MemorySegment.ofArray(inputs[i]));
                }
                graph.compute();
                return values(described.output());
            }
        }
    }

    private static float[] values(Tensor tensor) {
        float[] values = new float[(int) tensor.count()];
        tensor.get(MemorySegment.ofArray(values));
        return values;
    }

    private static float[] gaussian(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static float[] halves(float... values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.float16ToFloat(Float.floatToFloat16(values[i]));
        }
        return values;
    }
}
