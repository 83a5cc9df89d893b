package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import umem.engine.testing.Seed;

@Tag("vector")
class SearchKernelsTest {

    @Test
    void everyFormGivesTheSameBits() throws Exception {
        List<SearchKernels> forms = forms();
        assumeTrue(!forms.isEmpty(), "there is nothing but the scalar form here");
        Seed.run(random -> {
            // Long enough that the JIT compiler takes over on the way.
            for (int round = 0; round < 300; round++) {
                int dimension = 1 + random.nextInt(100);
                int count = 1 + random.nextInt(RowStore.ROWS);
                int stride = SearchKernels.stride(dimension);
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment rows = arena.allocate(4L * stride * count, 64);
                    for (int row = 0; row < count; row++) {
                        float[] values = FlatIndexTest.unit(random, dimension);
                        MemorySegment.copy(values, 0, rows, ValueLayout.JAVA_FLOAT, 4L * stride * row, dimension);
                    }
                    float[] query = FlatIndexTest.unit(random, dimension);
                    float[] scalar = scores(new ScalarKernels(), query, rows, count);
                    for (SearchKernels form : forms) {
                        assertThat(scores(form, query, rows, count)).containsExactly(scalar);
                        assertTiles(form, query, rows, count, scalar);
                    }
                    for (int row = 0; row < count; row += 1 + random.nextInt(50)) {
                        float[] values =
                                rows.asSlice(4L * stride * row, 4L * dimension).toArray(ValueLayout.JAVA_FLOAT);
                        assertThat(SearchKernels.dot(query, values)).isEqualTo(scalar[row]);
                    }
                }
            }
        });
    }

    private static List<SearchKernels> forms() {
        List<SearchKernels> forms = new ArrayList<>();
        if (VectorWidth.supported() >= 128) {
            forms.add(new VectorKernels());
        }
        if (VectorWidth.supported() >= 512) {
            forms.add(new WideVectorKernels());
        }
        return forms;
    }

    private static float[] scores(SearchKernels kernels, float[] query, MemorySegment rows, int count) {
        float[] out = new float[count];
        float[] padded = Arrays.copyOf(query, SearchKernels.stride(query.length));
        kernels.scores(padded, rows, count, out, new float[SearchKernels.SCRATCH]);
        return out;
    }

    /// The query beside three multiples of it by powers of two, whose scores are the same multiples.
    private static void assertTiles(
            SearchKernels kernels, float[] query, MemorySegment rows, int count, float[] expected) {
        int stride = SearchKernels.stride(query.length);
        float[] queries = new float[3 + SearchKernels.QUERIES * stride];
        for (int i = 0; i < query.length; i++) {
            for (int q = 0; q < SearchKernels.QUERIES; q++) {
                queries[3 + q * stride + i] = query[i] * (1 << q);
            }
        }
        int run = Math.min(SearchKernels.BLOCK, count / kernels.streams());
        int distance = count / kernels.streams();
        float[] out = new float[SearchKernels.QUERIES * kernels.streams() * SearchKernels.BLOCK];
        kernels.scores(queries, 3, stride, rows, 0, 4L * stride * distance, run, out, new float[SearchKernels.SCRATCH]);
        for (int q = 0; q < SearchKernels.QUERIES; q++) {
            for (int stream = 0; stream < kernels.streams(); stream++) {
                for (int row = 0; row < run; row++) {
                    assertThat(out[(q * kernels.streams() + stream) * SearchKernels.BLOCK + row])
                            .isEqualTo(expected[stream * distance + row] * (1 << q));
                }
            }
        }
    }

    @Test
    void aProductNeedsEqualLengths() {
        assertThatIllegalArgumentException().isThrownBy(() -> SearchKernels.dot(new float[1], new float[2]));
    }
}
