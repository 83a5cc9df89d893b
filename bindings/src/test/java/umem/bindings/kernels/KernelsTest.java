package umem.bindings.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import umem.error.UmemException;
import umem.provision.Progress;
import umem.provision.Provision;

/// Every instruction set of this CPU against sums in double precision, and against each other bit for bit.
class KernelsTest {
    private static final KernelLibrary LIBRARY =
            KernelLibrary.load(Provision.standard(Progress.silent()).kernels());
    private static final float GUARD = 12345.5f;

    private final Random random = new Random(Long.getLong("tests.seed", 4711));

    static Iterable<InstructionSet> sets() {
        return LIBRARY.instructionSets();
    }

    @ParameterizedTest
    @MethodSource("sets")
    void multipliesAnyShape(InstructionSet set) {
        int[][] shapes = {
            {1, 1, 1}, {1, 16, 8}, {13, 33, 17}, {14, 32, 64}, {15, 48, 5}, {29, 50, 384}, {6, 384, 40}, {85, 40, 1536}
        };
        for (int[] shape : shapes) {
            for (Activation activation : Activation.values()) {
                try (Arena arena = Arena.ofConfined()) {
                    Matrix a = matrix(arena, shape[0], shape[2], shape[2] + random.nextInt(5));
                    Matrix w = matrix(arena, shape[1], shape[2], shape[2]);
                    float[] bias = floats(shape[1]);
                    PackedMatrix packed = PackedMatrix.pack(LIBRARY, arena, w, bias);
                    Matrix c = guarded(arena, shape[0], shape[1]);
                    LIBRARY.kernels(set).multiply(a, packed, activation, c);
                    for (int row = 0; row < c.rows(); row++) {
                        for (int column = 0; column < c.columns(); column++) {
                            double sum = bias[column];
                            for (int i = 0; i < shape[2]; i++) {
                                sum += (double) a.get(row, i) * w.get(column, i);
                            }
                            double expected = activation == Activation.GELU ? gelu(sum) : sum;
                            // Partial sums grow like sqrt(k), and each of the k steps rounds one of them.
                            close(c.get(row, column), expected, 3e-6 + 5e-7 * shape[2]);
                        }
                    }
                    assertNothingBehind(c);
                    assertSame(
                            c, copy -> LIBRARY.kernels(InstructionSet.PORTABLE).multiply(a, packed, activation, copy));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("sets")
    void aPieceOfAProductIsThatPieceOfTheWhole(InstructionSet set) {
        try (Arena arena = Arena.ofConfined()) {
            Kernels kernels = LIBRARY.kernels(set);
            Matrix a = matrix(arena, 40, 100, 100);
            PackedMatrix b = PackedMatrix.pack(LIBRARY, arena, matrix(arena, 80, 100, 100), floats(80));
            Matrix whole = guarded(arena, 40, 80);
            kernels.multiply(a, b, Activation.GELU, whole);
            assertSame(whole, copy -> {
                for (int row = 0; row < 40; row += 8) {
                    for (int column = 0; column < 80; column += 16) {
                        kernels.multiply(
                                a.rows(row, 8),
                                b.outputs(column, 16),
                                Activation.GELU,
                                copy.rows(row, 8).columns(column, 16));
                    }
                }
            });
        }
    }

    @ParameterizedTest
    @MethodSource("sets")
    void geluIsRightFromEndToEnd(InstructionSet set) {
        try (Arena arena = Arena.ofConfined()) {
            PackedMatrix one = PackedMatrix.pack(LIBRARY, arena, constant(arena, 1, 1, 1), new float[1]);
            int count = 4000;
            Matrix x = Matrix.allocate(arena, count, 1);
            for (int i = 0; i < count; i++) {
                x.floats().setAtIndex(ValueLayout.JAVA_FLOAT, i, (i - count / 2) * 0.01f);
            }
            Matrix y = Matrix.allocate(arena, count, 1);
            LIBRARY.kernels(set).multiply(x, one, Activation.GELU, y);
            for (int i = 0; i < count; i++) {
                double value = x.get(i, 0);
                close(y.get(i, 0), gelu(value), 2e-6);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("sets")
    void normalisesAnyWidth(InstructionSet set) {
        for (int width : new int[] {1, 7, 16, 33, 384}) {
            try (Arena arena = Arena.ofConfined()) {
                Matrix x = matrix(arena, 5, width, width);
                Matrix residual = matrix(arena, 5, width, width);
                float[] weight = floats(width);
                float[] bias = floats(width);
                LayerNorm norm = LayerNorm.allocate(arena, weight, bias, 1e-5f);
                Matrix out = guarded(arena, 5, width);
                LIBRARY.kernels(set).normalise(x, residual, norm, out);
                for (int row = 0; row < 5; row++) {
                    double mean = 0;
                    double variance = 0;
                    for (int i = 0; i < width; i++) {
                        mean += (x.get(row, i) + residual.get(row, i)) / width;
                    }
                    for (int i = 0; i < width; i++) {
                        variance += Math.pow(x.get(row, i) + residual.get(row, i) - mean, 2) / width;
                    }
                    for (int i = 0; i < width; i++) {
                        double expected =
                                (x.get(row, i) + residual.get(row, i) - mean) / Math.sqrt(variance + 1e-5) * weight[i]
                                        + bias[i];
                        close(out.get(row, i), expected, 1e-4);
                    }
                }
                assertNothingBehind(out);
                assertSame(out, copy -> LIBRARY.kernels(InstructionSet.PORTABLE).normalise(x, residual, norm, copy));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("sets")
    void attendsOverAnyLength(InstructionSet set) {
        for (int[] shape : new int[][] {{1, 1}, {1, 32}, {5, 8}, {17, 20}, {60, 32}, {130, 64}}) {
            int tokens = shape[0];
            int width = shape[1];
            try (Arena arena = Arena.ofConfined()) {
                Kernels kernels = LIBRARY.kernels(set);
                Matrix qkv = matrix(arena, tokens, 3 * width, 3 * width + 2);
                Matrix q = qkv.columns(0, width);
                Matrix k = qkv.columns(width, width);
                Matrix v = qkv.columns(2 * width, width);
                float scale = (float) (1 / Math.sqrt(width));
                MemorySegment scratch = arena.allocate(kernels.attentionScratch(tokens, width) + 4, 64);
                scratch.set(ValueLayout.JAVA_FLOAT, scratch.byteSize() - 4, GUARD);
                Matrix out = guarded(arena, tokens, width);
                kernels.attend(q, k, v, 1, scale, scratch, out);
                for (int row = 0; row < tokens; row++) {
                    assertThat(row(out, row)).containsExactly(attention(q, k, v, scale, row), within(5e-6));
                }
                assertNothingBehind(out);
                assertThat(scratch.get(ValueLayout.JAVA_FLOAT, scratch.byteSize() - 4))
                        .isEqualTo(GUARD);
                assertSame(
                        out, copy -> LIBRARY.kernels(InstructionSet.PORTABLE).attend(q, k, v, 1, scale, scratch, copy));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("sets")
    void headsLieSideBySide(InstructionSet set) {
        try (Arena arena = Arena.ofConfined()) {
            Kernels kernels = LIBRARY.kernels(set);
            Matrix qkv = matrix(arena, 21, 3 * 24, 3 * 24);
            Matrix[] parts = {qkv.columns(0, 24), qkv.columns(24, 24), qkv.columns(48, 24)};
            MemorySegment scratch = arena.allocate(kernels.attentionScratch(21, 8), 64);
            Matrix together = guarded(arena, 21, 24);
            kernels.attend(parts[0], parts[1], parts[2], 3, 0.5f, scratch, together);
            assertSame(together, copy -> {
                for (int head = 0; head < 3; head++) {
                    kernels.attend(
                            parts[0].columns(8 * head, 8),
                            parts[1].columns(8 * head, 8),
                            parts[2].columns(8 * head, 8),
                            1,
                            0.5f,
                            scratch,
                            copy.columns(8 * head, 8));
                }
            });
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        try (Arena arena = Arena.ofConfined()) {
            Kernels kernels = LIBRARY.kernels();
            Matrix a = matrix(arena, 3, 4, 4);
            PackedMatrix b = PackedMatrix.pack(LIBRARY, arena, matrix(arena, 5, 4, 4), floats(5));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> kernels.multiply(a, b, Activation.LINEAR, a))
                    .withMessageContaining("does not fit");
            assertThatIllegalArgumentException().isThrownBy(() -> new Matrix(a.floats(), 4, 4, 4));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Matrix(MemorySegment.ofArray(new float[16]), 4, 4, 4));
            assertThatThrownBy(() -> a.rows(2, 2)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> b.outputs(8, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatIllegalArgumentException().isThrownBy(() -> PackedMatrix.pack(LIBRARY, arena, a, floats(2)));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> kernels.attend(a, a, a, 1, 1, arena.allocate(4), matrix(arena, 3, 4, 4)))
                    .withMessageContaining("scratch");
        }
    }

    @Test
    void refusesAFileThatIsNotTheLibrary(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("libumem_kernels.so"), "no library".repeat(20));
        assertThatThrownBy(() -> KernelLibrary.load(file)).isInstanceOf(UmemException.class);
        assertThatThrownBy(() -> KernelLibrary.load(folder.resolve("absent.so")))
                .isInstanceOf(UmemException.class)
                .hasMessageContaining("missing");
    }

    private static void close(double actual, double expected, double tolerance) {
        if (!(Math.abs(actual - expected) <= tolerance)) {
            Assertions.fail(actual + " instead of " + expected + ", tolerance " + tolerance);
        }
    }

    private static Double[] attention(Matrix q, Matrix k, Matrix v, float scale, int row) {
        int tokens = k.rows();
        double[] weights = new double[tokens];
        double greatest = Double.NEGATIVE_INFINITY;
        for (int token = 0; token < tokens; token++) {
            for (int i = 0; i < q.columns(); i++) {
                weights[token] += (double) q.get(row, i) * k.get(token, i) * scale;
            }
            greatest = Math.max(greatest, weights[token]);
        }
        double sum = 0;
        for (int token = 0; token < tokens; token++) {
            weights[token] = Math.exp(weights[token] - greatest);
            sum += weights[token];
        }
        Double[] mixed = new Double[v.columns()];
        for (int i = 0; i < mixed.length; i++) {
            double value = 0;
            for (int token = 0; token < tokens; token++) {
                value += weights[token] / sum * v.get(token, i);
            }
            mixed[i] = value;
        }
        return mixed;
    }

    private static double[] row(Matrix matrix, int row) {
        double[] values = new double[matrix.columns()];
        for (int i = 0; i < values.length; i++) {
            values[i] = matrix.get(row, i);
        }
        return values;
    }

    private static double gelu(double x) {
        return x * (1 + erf(x / Math.sqrt(2))) / 2;
    }

    /// The series of Abramowitz and Stegun 7.1.6, to double precision where erf is not yet 1.
    private static double erf(double x) {
        if (Math.abs(x) > 6) {
            return Math.signum(x);
        }
        double term = x;
        double sum = x;
        for (int n = 1; n < 200; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }

    private float[] floats(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private Matrix matrix(Arena arena, int rows, int columns, int stride) {
        MemorySegment memory = arena.allocate(4L * rows * stride, 4);
        MemorySegment.copy(floats(rows * stride), 0, memory, ValueLayout.JAVA_FLOAT, 0, rows * stride);
        return new Matrix(memory, rows, columns, stride);
    }

    private static Matrix constant(Arena arena, int rows, int columns, float value) {
        Matrix matrix = Matrix.allocate(arena, rows, columns);
        for (int i = 0; i < rows * columns; i++) {
            matrix.floats().setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
        return matrix;
    }

    /// Rows without gaps with a mark behind them.
    private static Matrix guarded(Arena arena, int rows, int columns) {
        MemorySegment memory = arena.allocate(4L * (rows * columns + 16), 4);
        for (int i = 0; i < rows * columns + 16; i++) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, GUARD);
        }
        return new Matrix(memory, rows, columns, columns);
    }

    private static void assertNothingBehind(Matrix matrix) {
        for (int i = 0; i < 16; i++) {
            assertThat(matrix.floats().getAtIndex(ValueLayout.JAVA_FLOAT, (long) matrix.rows() * matrix.columns() + i))
                    .isEqualTo(GUARD);
        }
    }

    private interface Computation {
        void into(Matrix result);
    }

    /// Whether a computation gives the same bits.
    private static void assertSame(Matrix expected, Computation computation) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix copy = guarded(arena, expected.rows(), expected.columns());
            computation.into(copy);
            for (int row = 0; row < copy.rows(); row++) {
                for (int column = 0; column < copy.columns(); column++) {
                    int bits = Float.floatToRawIntBits(copy.get(row, column));
                    if (bits != Float.floatToRawIntBits(expected.get(row, column))) {
                        Assertions.fail(copy.get(row, column) + " instead of " + expected.get(row, column) + " at "
                                + row + ", " + column);
                    }
                }
            }
        }
    }
}
