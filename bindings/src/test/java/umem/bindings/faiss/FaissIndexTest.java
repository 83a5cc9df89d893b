package umem.bindings.faiss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class FaissIndexTest {
    private static FaissLibrary library;

    @BeforeAll
    static void load() {
        library = Faiss.library();
    }

    @Test
    void findsWhatAPlainLoopFinds() {
        Random random = new Random(11);
        // 19 queries are scored one by one, 20 as a matrix product.
        for (int[] form : new int[][] {{1, 1, 1}, {3, 7, 19}, {48, 500, 20}, {65, 300, 64}}) {
            int dimension = form[0];
            int count = form[1];
            float[] rows = Faiss.rows(random, count, dimension);
            float[] queries = Faiss.rows(random, form[2], dimension);
            try (FaissIndex index = FaissIndex.flat(library, dimension)) {
                index.add(rows, Faiss.ids(1000, count));
                assertThat(index.size()).isEqualTo(count);
                assertThat(index.dimension()).isEqualTo(dimension);
                FaissHits hits = index.search(queries, 10);
                assertThat(hits.k()).isEqualTo(Math.min(10, count));
                for (int q = 0; q < form[2]; q++) {
                    double[] best = bestScores(rows, queries, q, dimension);
                    for (int i = 0; i < hits.k(); i++) {
                        int at = q * hits.k() + i;
                        double exact = dot(rows, (int) (hits.ids()[at] - 1000), queries, q, dimension);
                        assertThat((double) hits.scores()[at]).isCloseTo(exact, within(1e-4));
                        assertThat(exact).isCloseTo(best[count - 1 - i], within(1e-4));
                    }
                }
            }
        }
    }

    private static double[] bestScores(float[] rows, float[] queries, int query, int dimension) {
        return IntStream.range(0, rows.length / dimension)
                .mapToDouble(row -> dot(rows, row, queries, query, dimension))
                .sorted()
                .toArray();
    }

    private static double dot(float[] rows, int row, float[] queries, int query, int dimension) {
        double sum = 0;
        for (int i = 0; i < dimension; i++) {
            sum += (double) rows[row * dimension + i] * queries[query * dimension + i];
        }
        return sum;
    }

    @Test
    void givesRowsBack() {
        try (FaissIndex index = FaissIndex.flat(library, 2)) {
            index.add(new float[] {1, 2, 3, 4}, new long[] {Long.MAX_VALUE, 0});
            index.add(new float[0], new long[0]);
            assertThat(index.reconstruct(Long.MAX_VALUE)).containsExactly(1, 2);
            assertThat(index.reconstruct(0)).containsExactly(3, 4);
            assertThat(index.contains(0)).isTrue();
            assertThat(index.contains(1)).isFalse();
            assertThat(index.contains(-1)).isFalse();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.reconstruct(1))
                    .withMessage("no row has id 1");
        }
    }

    @Test
    void takesRowsFromAnyMemory() {
        try (FaissIndex index = FaissIndex.flat(library, 2);
                Arena arena = Arena.ofConfined()) {
            MemorySegment unaligned = arena.allocate(9).asSlice(1);
            unaligned.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, 3);
            unaligned.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4, 4);
            index.add(unaligned, new long[] {9});
            FaissHits hits = index.search(unaligned, 1);
            assertThat(hits.ids()).containsExactly(9);
            assertThat(hits.scores()).containsExactly(25);
        }
    }

    @Test
    void returnsNoMoreThanThereIs() {
        try (FaissIndex index = FaissIndex.flat(library, 2)) {
            assertThat(index.search(new float[] {1, 1}, Integer.MAX_VALUE).ids())
                    .isEmpty();
            index.add(new float[] {1, 2, 3, 4}, new long[] {5, 6});
            FaissHits hits = index.search(new float[] {1, 1, -1, -1}, Integer.MAX_VALUE);
            assertThat(hits.k()).isEqualTo(2);
            assertThat(hits.ids()).containsExactly(6, 5, 5, 6);
            assertThat(hits.scores()).containsExactly(7, 3, -3, -7);
            assertThat(index.search(new float[0], 3).ids()).isEmpty();
        }
    }

    @Test
    void refusesBadInputAndKeepsWhatItHas() {
        assertThatIllegalArgumentException().isThrownBy(() -> FaissIndex.flat(library, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> FaissIndex.flat(library, Integer.MIN_VALUE));
        try (FaissIndex index = FaissIndex.flat(library, 3)) {
            index.add(new float[] {1, 2, 3}, new long[] {7});
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> index.add(new float[] {0, 0, 0, 0, bad, 0}, new long[] {8, 9}))
                        .withMessageContaining("value 1 of row 1 is " + bad);
                assertThatIllegalArgumentException().isThrownBy(() -> index.search(new float[] {bad, 0, 0}, 1));
            }
            for (int length : new int[] {0, 2, 4, 6}) {
                assertThatIllegalArgumentException().isThrownBy(() -> index.add(new float[length], new long[] {8}));
            }
            assertThatIllegalArgumentException().isThrownBy(() -> index.search(new float[4], 1));
            assertThatIllegalArgumentException().isThrownBy(() -> index.search(new float[3], 0));
            assertThatIllegalArgumentException().isThrownBy(() -> index.search(new float[3], -1));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.add(new float[6], new long[] {8, -1}))
                    .withMessage("id -1 is negative");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.add(new float[6], new long[] {8, 8}))
                    .withMessage("id 8 comes twice");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.add(new float[6], new long[] {8, 7}))
                    .withMessage("id 7 is taken");
            refusesNullAndForeignMemory(index);
            assertThat(index.size()).isEqualTo(1);
            assertThat(index.contains(8)).isFalse();
            assertThat(index.reconstruct(7)).containsExactly(1, 2, 3);
        }
    }

    @SuppressWarnings("NullAway") // null is what is tested
    private static void refusesNullAndForeignMemory(FaissIndex index) {
        assertThatNullPointerException().isThrownBy(() -> index.add((MemorySegment) null, new long[] {8}));
        assertThatNullPointerException().isThrownBy(() -> index.add(new float[3], null));
        assertThatNullPointerException().isThrownBy(() -> index.search((MemorySegment) null, 1));
        assertThatNullPointerException().isThrownBy(() -> index.save(null));
        assertThatIllegalArgumentException().isThrownBy(() -> index.search(MemorySegment.NULL.reinterpret(8), 1));
        Arena closed = Arena.ofConfined();
        MemorySegment gone = closed.allocate(12, 4);
        closed.close();
        assertThatIllegalStateException().isThrownBy(() -> index.search(gone, 1));
        assertThatIllegalStateException().isThrownBy(() -> index.add(gone, new long[] {8}));
    }

    @Test
    void isClosedCleanly() throws Exception {
        FaissIndex index = FaissIndex.flat(library, 2);
        index.close();
        index.close();
        List<Runnable> uses = List.of(
                index::size,
                () -> index.contains(1),
                () -> index.reconstruct(1),
                () -> index.add(new float[2], new long[] {1}),
                () -> index.search(new float[2], 1),
                () -> index.save(java.nio.file.Path.of("never")));
        for (Runnable use : uses) {
            assertThatIllegalStateException().isThrownBy(use::run).withMessage("the index is closed");
        }
    }

    @Test
    void tellsFunctionCodeAndTextOfANativeFailure() {
        assertThatExceptionOfType(umem.bindings.NativeException.class)
                .isThrownBy(() ->
                        library.call("umem_faiss_flat", () -> library.abi().flat(0, MemorySegment.NULL)))
                .satisfies(e -> {
                    assertThat(e.function()).isEqualTo("umem_faiss_flat");
                    assertThat(e.code()).isEqualTo(-1);
                    assertThat(e.nativeText()).isEqualTo("the dimension is below 1");
                    assertThat(e.libraryVersion()).isEqualTo(library.version());
                });
    }

    @Test
    void manyThreadsFindTheSame() throws Exception {
        int dimension = 32;
        Random random = new Random(3);
        float[] queries = Faiss.rows(random, 30, dimension);
        try (FaissIndex index = FaissIndex.flat(library, dimension);
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            index.add(Faiss.rows(random, 2000, dimension), Faiss.ids(0, 2000));
            FaissHits expected = index.search(queries, 5);
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                running.add(threads.submit(() -> {
                    for (int i = 0; i < 20; i++) {
                        FaissHits hits = index.search(queries, 5);
                        assertThat(hits.ids()).isEqualTo(expected.ids());
                        assertThat(hits.scores()).isEqualTo(expected.scores());
                    }
                }));
            }
            for (Future<?> thread : running) {
                thread.get();
            }
        }
    }

    @Test
    void searchersNeverSeeHalfAChangeNorAFreedIndex() throws Exception {
        FaissIndex index = FaissIndex.flat(library, 4);
        index.add(new float[] {1, 1, 1, 1}, new long[] {0});
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                running.add(threads.submit(() -> {
                    while (true) {
                        FaissHits hits;
                        try {
                            hits = index.search(new float[] {1, 1, 1, 1}, 3);
                        } catch (IllegalStateException closed) {
                            return;
                        }
                        assertThat(hits.ids()).contains(0);
                        assertThat(hits.scores()).containsOnly(4);
                    }
                }));
            }
            for (int i = 1; i < 2000; i++) {
                index.add(new float[] {1, 1, 1, 1}, new long[] {i});
            }
            index.close();
            for (Future<?> thread : running) {
                thread.get();
            }
        }
    }
}
