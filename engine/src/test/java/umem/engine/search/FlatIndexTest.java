package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import umem.engine.testing.Seed;

@Tag("vector")
class FlatIndexTest {

    @Test
    void findsWhatABruteForceOfDoublesFindsInEveryDimension() throws Exception {
        Seed.run(random -> {
            for (int dimension = 1; dimension <= 70; dimension++) {
                int rows = 1 + random.nextInt(300);
                Map<Long, float[]> expected = new HashMap<>();
                try (FlatIndex index = new FlatIndex(dimension)) {
                    for (long id = 0; id < rows; id++) {
                        float[] row = unit(random, dimension);
                        expected.put(id, row);
                        index.add(id, row);
                    }
                    float[] query = unit(random, dimension);
                    int k = 1 + random.nextInt(12);
                    assertSameRanking(
                            index.search(query, k, -2), oracle(expected, query, k, -2, id -> true), expected, query);
                }
            }
        });
    }

    @Test
    void everyHistoryOfChangesEndsInTheSameResults() throws Exception {
        Seed.run(random -> {
            for (int round = 0; round < 20; round++) {
                int dimension = 1 + random.nextInt(48);
                Map<Long, float[]> expected = new HashMap<>();
                try (FlatIndex index = new FlatIndex(dimension)) {
                    for (int step = 0; step < 2500; step++) {
                        change(index, expected, random, dimension);
                        if (step % 50 == 0) {
                            assertThat(index.size()).isEqualTo(expected.size());
                            float[] query = unit(random, dimension);
                            float minScore = random.nextBoolean() ? random.nextFloat() - 0.5f : Float.NEGATIVE_INFINITY;
                            long barred = random.nextInt(40);
                            int k = 1 + random.nextInt(20);
                            List<Hit> hits = index.search(query, k, minScore, id -> id % 40 != barred);
                            assertThat(hits).allMatch(hit -> hit.id() % 40 != barred && hit.score() >= minScore);
                            assertSameRanking(
                                    hits,
                                    oracle(expected, query, k, minScore, id -> id % 40 != barred),
                                    expected,
                                    query);
                        }
                    }
                    for (Map.Entry<Long, float[]> row : expected.entrySet()) {
                        assertThat(index.row(row.getKey())).containsExactly(row.getValue());
                    }
                }
            }
        });
    }

    private static void change(FlatIndex index, Map<Long, float[]> expected, Random random, int dimension) {
        long id = random.nextInt(2000) - 1000L;
        float[] row = unit(random, dimension);
        if (!expected.containsKey(id)) {
            assertThat(index.contains(id)).isFalse();
            index.add(id, row);
            expected.put(id, row);
        } else if (random.nextInt(3) == 0) {
            assertThat(index.remove(id)).isTrue();
            expected.remove(id);
        } else {
            index.update(id, row);
            expected.put(id, row);
        }
    }

    @Test
    void equalScoresComeByAscendingIdWhateverTheOrderOfArrival() throws Exception {
        Seed.run(random -> {
            List<Long> ids = new ArrayList<>();
            for (long id = 0; id < 3000; id++) {
                ids.add(id);
            }
            java.util.Collections.shuffle(ids, random);
            float[] row = unit(random, 33);
            try (FlatIndex index = new FlatIndex(33)) {
                for (long id : ids) {
                    index.add(id, row);
                }
                assertThat(index.search(row, 5, -1)).extracting(Hit::id).containsExactly(0L, 1L, 2L, 3L, 4L);
                // One score for all, in lock-step streams and in the remainder: the bits do not depend on the place.
                assertThat(index.search(row, 3000, -1))
                        .extracting(Hit::score)
                        .containsOnly(SearchKernels.dot(row, row));
            }
        });
    }

    @Test
    void refusesWhatWouldPoisonARanking() {
        try (FlatIndex index = new FlatIndex(3)) {
            index.add(7, new float[] {1, 2, 3});
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> index.add(8, new float[] {0, bad, 0}))
                        .withMessageContaining("value 1 is " + bad);
                assertThatIllegalArgumentException().isThrownBy(() -> index.update(7, new float[] {0, 0, bad}));
                assertThatIllegalArgumentException().isThrownBy(() -> index.search(new float[] {bad, 0, 0}, 1, -1));
            }
            assertThatIllegalArgumentException().isThrownBy(() -> index.add(8, new float[2]));
            assertThatIllegalArgumentException().isThrownBy(() -> index.add(8, new float[4]));
            assertThatIllegalArgumentException().isThrownBy(() -> index.search(new float[4], 1, -1));
            assertThatIllegalArgumentException().isThrownBy(() -> index.search(new float[3], 0, -1));
            assertThatIllegalArgumentException().isThrownBy(() -> index.search(new float[3], 1, Float.NaN));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.add(7, new float[3]))
                    .withMessage("id 7 is taken");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.update(8, new float[3]))
                    .withMessage("no row has id 8");
            assertThatIllegalArgumentException().isThrownBy(() -> index.row(8));
            assertThat(index.remove(8)).isFalse();
            assertThat(index.size()).isEqualTo(1);
            assertThat(index.row(7)).containsExactly(1, 2, 3);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new FlatIndex(0));
    }

    @Test
    void takesRowsFromAnyMemory() {
        try (FlatIndex index = new FlatIndex(2);
                Arena arena = Arena.ofConfined()) {
            MemorySegment unaligned = arena.allocate(9).asSlice(1);
            unaligned.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, 3);
            unaligned.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4, 4);
            index.add(1, unaligned);
            assertThat(index.search(unaligned, 1, 0)).containsExactly(new Hit(1, 25));
        }
    }

    @Test
    void aBatchFindsWhatItsQueriesFindOneByOne() throws Exception {
        Seed.run(random -> {
            for (int round = 0; round < 60; round++) {
                int dimension = 1 + random.nextInt(200);
                int rows = random.nextInt(2500);
                int count = random.nextInt(12);
                try (FlatIndex index = new FlatIndex(dimension);
                        Arena arena = Arena.ofConfined()) {
                    long[] ids = random.longs().distinct().limit(rows).toArray();
                    MemorySegment values = arena.allocate(4L * dimension * rows + 4);
                    fill(values, random);
                    index.addAll(ids, values.asSlice(0, 4L * dimension * rows));
                    MemorySegment queries = arena.allocate(4L * dimension * count + 4);
                    fill(queries, random);
                    TopHits[] best = new TopHits[count];
                    java.util.Arrays.setAll(best, i -> new TopHits(1 + random.nextInt(20)).only(-3, id -> id % 3 != i));
                    for (int repeat = 0; repeat < 2; repeat++) {
                        index.search(queries.asSlice(0, 4L * dimension * count), best);
                        for (int i = 0; i < count; i++) {
                            int barred = i;
                            MemorySegment query = queries.asSlice(4L * dimension * i, 4L * dimension);
                            assertThat(best[i].toList())
                                    .isEqualTo(index.search(query, best[i].k(), -3, id -> id % 3 != barred));
                        }
                    }
                }
            }
        });
    }

    private static void fill(MemorySegment values, Random random) {
        for (long at = 0; at < values.byteSize(); at += 4) {
            values.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, random.nextFloat() - 0.5f);
        }
    }

    @Test
    void aRangeIsEveryRowOfTheScore() throws Exception {
        Seed.run(random -> {
            int dimension = 1 + random.nextInt(20);
            try (FlatIndex index = new FlatIndex(dimension)) {
                assertThat(index.range(MemorySegment.ofArray(new float[dimension]), -1))
                        .isEmpty();
                for (long id = 0; id < 3000; id++) {
                    // Whole numbers, so that many scores are equal.
                    float[] row = new float[dimension];
                    for (int i = 0; i < dimension; i++) {
                        row[i] = random.nextInt(3);
                    }
                    index.add(id * 7919 % 3000, row);
                }
                float[] query = new float[dimension];
                java.util.Arrays.fill(query, 1);
                for (float minScore :
                        new float[] {Float.NEGATIVE_INFINITY, 0, dimension, 2 * dimension, Float.MAX_VALUE}) {
                    assertThat(index.range(MemorySegment.ofArray(query), minScore))
                            .isEqualTo(index.search(query, 3000, minScore));
                }
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> index.range(MemorySegment.ofArray(query), Float.NaN));
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> index.range(MemorySegment.ofArray(new float[dimension + 1]), 0));
            }
        });
    }

    @Test
    void badQueriesOfABatchAreRefused() {
        try (FlatIndex index = new FlatIndex(2)) {
            index.add(1, new float[] {1, 1});
            TopHits[] two = {new TopHits(1), new TopHits(5)};
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.search(MemorySegment.ofArray(new float[3]), two))
                    .withMessage("2 rows of 12 bytes, but 2 float32 values a row are 16 bytes");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.search(MemorySegment.ofArray(new float[] {0, 0, 0, Float.NaN}), two))
                    .withMessage("row 1: value 1 is NaN, not a finite number");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.search(MemorySegment.ofArray(new float[2]), new TopHits[0]));
            index.search(MemorySegment.ofArray(new float[0]), new TopHits[0]);
            index.search(MemorySegment.ofArray(new float[4]), two);
            assertThat(two[1].toList()).containsExactly(new Hit(1, 0));
        }
    }

    @Test
    void isEmptyAndClosedCleanly() {
        FlatIndex index = new FlatIndex(4);
        assertThat(index.search(new float[4], 3, -1)).isEmpty();
        index.close();
        index.close();
        assertThatIllegalStateException().isThrownBy(index::size);
        assertThatIllegalStateException().isThrownBy(() -> index.add(1, new float[4]));
        assertThatIllegalStateException().isThrownBy(() -> index.search(new float[4], 3, -1));
    }

    @Test
    void readersNeverSeeHalfAChange() throws Exception {
        int dimension = 64;
        float[] ones = new float[dimension];
        java.util.Arrays.fill(ones, 1);
        float[] twos = new float[dimension];
        java.util.Arrays.fill(twos, 2);
        AtomicBoolean done = new AtomicBoolean();
        try (FlatIndex index = new FlatIndex(dimension);
                ExecutorService readers = Executors.newFixedThreadPool(3)) {
            index.add(0, ones);
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                running.add(readers.submit(() -> {
                    while (!done.get()) {
                        List<Hit> hits = index.search(ones, 2000, -1);
                        assertThat(hits).isNotEmpty().allMatch(hit -> hit.score() == 64 || hit.score() == 128);
                    }
                }));
            }
            for (int step = 0; step < 4000; step++) {
                index.update(0, step % 2 == 0 ? twos : ones);
                if (step % 3 != 2) {
                    index.add(1 + step, ones);
                } else {
                    assertThat(index.remove(step - 1)).isTrue();
                }
            }
            done.set(true);
            for (Future<?> reader : running) {
                reader.get();
            }
        }
    }

    static float[] unit(Random random, int dimension) {
        float[] row = new float[dimension];
        double squares = 0;
        for (int i = 0; i < dimension; i++) {
            row[i] = (float) random.nextGaussian();
            squares += (double) row[i] * row[i];
        }
        for (int i = 0; i < dimension; i++) {
            row[i] /= (float) Math.sqrt(squares);
        }
        return row;
    }

    static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    private static List<Long> oracle(
            Map<Long, float[]> rows, float[] query, int k, float minScore, LongPredicate accepted) {
        return rows.entrySet().stream()
                .filter(row -> accepted.test(row.getKey()) && dot(row.getValue(), query) >= minScore)
                .sorted((a, b) -> Double.compare(dot(b.getValue(), query), dot(a.getValue(), query)))
                .limit(k)
                .map(Map.Entry::getKey)
                .toList();
    }

    /// The same ids in the same order, but for rows whose exact scores are closer than float32 can tell.
    private static void assertSameRanking(List<Hit> hits, List<Long> expected, Map<Long, float[]> rows, float[] query) {
        assertThat(hits).hasSize(expected.size());
        for (int i = 0; i < hits.size(); i++) {
            Hit hit = hits.get(i);
            double exact = dot(java.util.Objects.requireNonNull(rows.get(hit.id())), query);
            assertThat((double) hit.score()).isCloseTo(exact, org.assertj.core.data.Offset.offset(1e-5));
            if (hit.id() != expected.get(i)) {
                double wanted = dot(java.util.Objects.requireNonNull(rows.get(expected.get(i))), query);
                assertThat(exact).isCloseTo(wanted, org.assertj.core.data.Offset.offset(1e-6));
            }
        }
    }
}
