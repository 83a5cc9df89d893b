package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import umem.engine.testing.Seed;

/// The form of this process against plain Java. Run with `-Dumem.search.kernels=...` for the other widths.
@Tag("vector")
class CandidateKernelsTest {
    private final CandidateKernels scalar = new ScalarCandidateKernels();

    @Test
    void int8SumsAreExact() throws Exception {
        CandidateKernels vector = vector();
        Seed.run(random -> {
            // Long enough that the JIT compiler takes over on the way.
            for (int round = 0; round < 80; round++) {
                int bytes = Quantisation.INT8.rowBytes(1 + random.nextInt(500));
                int count = 4 * (1 + random.nextInt(RowStore.ROWS / 4));
                // Now and then only the largest, which would overflow first.
                boolean extremes = round % 10 == 0;
                short[] query = new short[bytes];
                for (int i = 0; i < bytes; i++) {
                    query[i] = (short) (extremes ? 127 : random.nextInt(255) - 127);
                }
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment codes = arena.allocate((long) bytes * count, 64);
                    for (long i = 0; i < codes.byteSize(); i++) {
                        codes.set(ValueLayout.JAVA_BYTE, i, (byte) (extremes ? 127 : random.nextInt(255) - 127));
                    }
                    float[] expected = new float[count];
                    scalar.int8(query, codes, count / 4, expected);
                    float[] sums = new float[count];
                    vector.int8(query, codes, count / 4, sums);
                    assertThat(sums).containsExactly(expected);
                }
            }
        });
    }

    @Test
    void bf16SumsDifferByRoundingOnly() throws Exception {
        CandidateKernels vector = vector();
        Seed.run(random -> {
            for (int round = 0; round < 80; round++) {
                int pairs = Quantisation.BF16.rowBytes(1 + random.nextInt(250)) / 4;
                int count = 4 * (1 + random.nextInt(RowStore.ROWS / 4));
                float[] even = FlatIndexTest.unit(random, pairs);
                float[] odd = FlatIndexTest.unit(random, pairs);
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment codes = arena.allocate(4L * pairs * count, 64);
                    for (int i = 0; i < pairs * count; i++) {
                        int low = Float.floatToRawIntBits((float) random.nextGaussian()) >>> 16;
                        int high = Float.floatToRawIntBits((float) random.nextGaussian()) & 0xffff0000;
                        codes.setAtIndex(ValueLayout.JAVA_INT, i, high | low);
                    }
                    float[] expected = new float[count];
                    scalar.bf16(even, odd, codes, count / 4, expected);
                    float[] sums = new float[count];
                    vector.bf16(even, odd, codes, count / 4, sums);
                    for (int row = 0; row < count; row++) {
                        assertThat((double) sums[row]).isCloseTo(expected[row], within(2e-5));
                    }
                }
            }
        });
    }

    @Test
    void findsEveryScoreThatIsNotBelow() throws Exception {
        CandidateKernels vector = vector();
        Seed.run(random -> {
            try (Arena arena = Arena.ofConfined()) {
                for (int round = 0; round < 500; round++) {
                    int count = 1 + random.nextInt(100);
                    MemorySegment scores = arena.allocate(4L * count + 4, 4);
                    for (int i = 0; i <= count; i++) {
                        float score = random.nextInt(30) == 0 ? Float.NaN : random.nextInt(10);
                        scores.setAtIndex(ValueLayout.JAVA_FLOAT, i, score);
                    }
                    float threshold = random.nextInt(12);
                    for (int from = 0; from <= count; from++) {
                        assertThat(vector.next(scores, 4, from, count, threshold))
                                .isEqualTo(scalar.next(scores, 4, from, count, threshold));
                    }
                    int first = scalar.next(scores, 4, 0, count, threshold);
                    float[] passed = scores.asSlice(4, 4L * first).toArray(ValueLayout.JAVA_FLOAT);
                    for (float score : passed) {
                        assertThat(score).isLessThan(threshold);
                    }
                }
            }
        });
    }

    private static CandidateKernels vector() {
        assumeTrue(SearchKernels.current().vectorBits() > 0, "there are no vectors in this process");
        return CandidateKernels.current();
    }

    @Test
    void codesOfARowKeepWithinTheErrorThatTheyState() throws Exception {
        Seed.run(random -> {
            try (Arena arena = Arena.ofConfined()) {
                for (int round = 0; round < 300; round++) {
                    int dimension = 1 + random.nextInt(70);
                    float[] row = new float[dimension];
                    double size = Math.pow(10, random.nextInt(84) - 46);
                    for (int i = 0; i < dimension; i++) {
                        row[i] = Math.clamp((float) (random.nextGaussian() * size), -Float.MAX_VALUE, Float.MAX_VALUE);
                    }
                    for (Quantisation quantisation : Quantisation.values()) {
                        CodeChunk chunk = CodeChunk.of(
                                quantisation,
                                arena.allocate((long) quantisation.rowBytes(dimension) * RowStore.ROWS, 64));
                        chunk.write(3, row, dimension);
                        double squares = 0;
                        for (int i = 0; i < dimension; i++) {
                            double difference = row[i] - decoded(chunk, i, dimension);
                            squares += difference * difference;
                        }
                        assertThat(Math.sqrt(squares)).isLessThanOrEqualTo(chunk.errors()[3]);
                        double norm = Math.sqrt(FlatIndexTest.dot(row, row));
                        if (norm > 1e-30 && norm < 1e18) {
                            // A code worth having, not just one with an honest error.
                            double share =
                                    quantisation == Quantisation.INT8 ? 0.5 / 127 * Math.sqrt(dimension) : 1.0 / 256;
                            assertThat((double) chunk.errors()[3]).isLessThan(1.001 * share * norm);
                        }
                    }
                }
            }
        });
    }

    private static double decoded(CodeChunk chunk, int i, int dimension) {
        long row = 3L * chunk.quantisation().rowBytes(dimension);
        return chunk.quantisation() == Quantisation.INT8
                ? (double) chunk.scales()[3] * chunk.codes().get(ValueLayout.JAVA_BYTE, row + i)
                : Float.intBitsToFloat(chunk.codes().get(ValueLayout.JAVA_SHORT, row + 2L * i) << 16);
    }
}
