package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import umem.bindings.blas.Blas;
import umem.engine.testing.Seed;

/// The oracle is [FlatIndex]: the same ids with the same scores, bit for bit.
class QuantisedIndexTest {
    private static final int[] DIMENSIONS = {1, 3, 17, 384, 1000};

    @ParameterizedTest
    @EnumSource
    void findsWhatExactSearchFinds(Quantisation quantisation) throws Exception {
        Seed.run(random -> {
            for (int dimension : DIMENSIONS) {
                for (Rows kind : Rows.values()) {
                    try (FlatIndex flat = new FlatIndex(dimension);
                            QuantisedIndex index = new QuantisedIndex(dimension, quantisation)) {
                        fill(random, kind, dimension, 1500 + random.nextInt(2000), flat, index);
                        for (int i = 0; i < 5; i++) {
                            assertSame(random, flat, index, kind.row(random, dimension));
                        }
                        assertSameBatch(flat, index, batch(random, kind, dimension, 2 + random.nextInt(12)));
                    }
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void followsEveryChange(Quantisation quantisation) throws Exception {
        Seed.run(random -> {
            // Codes from the first row on, and codes that come with the 1,100th and go below the 550th.
            for (int start : new int[] {0, 1100}) {
                int dimension = 1 + random.nextInt(48);
                try (FlatIndex flat = new FlatIndex(dimension);
                        QuantisedIndex index = new QuantisedIndex(new RowStore(dimension), quantisation, start, 1)) {
                    for (int step = 0; step < 12_000; step++) {
                        // Up to some 1,600 rows, down to some 500, and up again.
                        change(random, step / 4_000 % 2 == 0 ? 3 : 1, flat, index);
                        if (step % 100 == 0) {
                            assertSame(random, flat, index, Rows.DIRECTIONS.row(random, dimension));
                        }
                    }
                }
            }
        });
    }

    private static void change(Random random, int additions, FlatIndex flat, QuantisedIndex index) {
        long id = random.nextInt(3000) - 1500L;
        float[] row = Rows.DIRECTIONS.row(random, flat.dimension());
        if (flat.contains(id)) {
            if (random.nextInt(4) >= additions) {
                assertThat(index.remove(id)).isTrue();
                flat.remove(id);
            } else {
                index.update(id, row);
                flat.update(id, row);
            }
        } else if (random.nextInt(4) < additions) {
            index.add(id, row);
            flat.add(id, row);
        }
    }

    @Test
    void codesComeWithManyRowsAndGoWithFew() {
        try (QuantisedIndex index = new QuantisedIndex(new RowStore(2), Quantisation.INT8, 3000, 1)) {
            for (int id = 0; id < 3000; id++) {
                index.add(id, new float[] {id, 1});
            }
            assertThat(index.description()).isEqualTo("flat float32");
            // 16 rows a change.
            for (int id = 3000; id < 3300; id++) {
                index.add(id, new float[] {id, 1});
            }
            assertThat(index.description()).isEqualTo("flat int8, rescored");
            for (int id = 0; id < 1700; id++) {
                index.remove(id);
            }
            assertThat(index.description()).isEqualTo("flat int8, rescored");
            for (int id = 1700; id < 2000; id++) {
                index.remove(id);
            }
            index.add(0, new float[] {0, 1});
            assertThat(index.description()).isEqualTo("flat float32");
        }
    }

    @ParameterizedTest
    @EnumSource
    void scoresFewRowsExactly(Quantisation quantisation) throws Exception {
        Seed.run(random -> {
            try (QuantisedIndex index = new QuantisedIndex(384, quantisation)) {
                fill(random, Rows.DIRECTIONS, 384, 8000, index);
                AtomicInteger scored = new AtomicInteger();
                index.search(Rows.DIRECTIONS.row(random, 384), 10, -2, id -> scored.incrementAndGet() > 0);
                // Of 8,000; what comes in first is scored whatever it is.
                assertThat(scored.get()).isLessThan(600);
            }
        });
    }

    @Test
    void batchesOfProductsAreTheSingleSearches() throws Exception {
        assumeTrue(Blas.installed().isPresent(), Blas::absence);
        Seed.run(random -> {
            for (int dimension : DIMENSIONS) {
                for (Rows kind : Rows.values()) {
                    try (FlatIndex flat = new FlatIndex(dimension);
                            QuantisedIndex index =
                                    new QuantisedIndex(new RowStore(dimension), Quantisation.INT8, 0, 3)) {
                        fill(random, kind, dimension, 1 + random.nextInt(3000), flat, index);
                        float[] queries = batch(random, kind, dimension, BlasBatch.LEAST + random.nextInt(70));
                        assertSameBatch(flat, index, queries);
                        assertSameBatch(flat, flat, queries);
                    }
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aSearchAllocatesNothing(Quantisation quantisation) throws Exception {
        assumeTrue(SearchKernels.current().vectorBits() > 0, "there are no vectors in this process");
        Seed.run(random -> {
            try (QuantisedIndex index = new QuantisedIndex(100, quantisation)) {
                fill(random, Rows.DIRECTIONS, 100, 6 * RowStore.ROWS + 5, index);
                MemorySegment query = MemorySegment.ofArray(Rows.DIRECTIONS.row(random, 100));
                TopHits best = new TopHits(10);
                long allocated = Long.MAX_VALUE;
                ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
                // Until the JIT compiler has kept all vectors in registers.
                for (int round = 0; round < 5000 && allocated > 0; round++) {
                    long before = threads.getCurrentThreadAllocatedBytes();
                    index.search(query, best);
                    allocated = threads.getCurrentThreadAllocatedBytes() - before;
                }
                assertThat(allocated).isZero();
            }
        });
    }

    @Test
    void refusesWhatFlatIndexRefuses() {
        QuantisedIndex index = new QuantisedIndex(3, Quantisation.INT8);
        index.add(7, new float[] {1, 2, 3});
        assertThatIllegalArgumentException().isThrownBy(() -> index.add(8, new float[] {0, Float.NaN, 0}));
        assertThatIllegalArgumentException().isThrownBy(() -> index.search(new float[2], 1, -1));
        assertThatIllegalArgumentException().isThrownBy(() -> index.range(seg(0, 0, 0), Float.NaN));
        for (int queries : new int[] {2, 10, 40}) {
            TopHits[] best = new TopHits[queries];
            Arrays.setAll(best, i -> new TopHits(1));
            float[] bad = new float[3 * queries];
            bad[4] = Float.POSITIVE_INFINITY;
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.search(MemorySegment.ofArray(bad), best))
                    .withMessageContaining("row 1");
            assertThatIllegalArgumentException().isThrownBy(() -> index.search(seg(1, 2, 3, 4), best));
        }
        assertThat(index.range(seg(1, 1, 1), 6)).containsExactly(new Hit(7, 6));
        index.close();
        index.close();
        assertThatIllegalStateException().isThrownBy(() -> index.search(new float[3], 1, -1));
        assertThatIllegalArgumentException().isThrownBy(() -> new QuantisedIndex(1 << 18, Quantisation.INT8));
    }

    /// Kinds of rows, among them those for which errors and norms are worst.
    private enum Rows {
        DIRECTIONS {
            @Override
            float[] row(Random random, int dimension) {
                return FlatIndexTest.unit(random, dimension);
            }
        },
        /// Many equal rows and scores.
        WHOLE_NUMBERS {
            @Override
            float[] row(Random random, int dimension) {
                float[] row = new float[dimension];
                for (int i = 0; i < Math.min(3, dimension); i++) {
                    row[i] = random.nextInt(4) - 1;
                }
                return row;
            }
        },
        /// From zero and below the normal numbers to where products overflow.
        ALL_SIZES {
            @Override
            float[] row(Random random, int dimension) {
                float[] row = new float[dimension];
                double size = Math.pow(10, random.nextInt(84) - 46);
                for (int i = 0; i < dimension; i++) {
                    row[i] = Math.clamp((float) (random.nextGaussian() * size), -Float.MAX_VALUE, Float.MAX_VALUE);
                }
                return row;
            }
        },
        /// One value far above the others takes all of a scale.
        SPIKES {
            @Override
            float[] row(Random random, int dimension) {
                float[] row = FlatIndexTest.unit(random, dimension);
                row[random.nextInt(dimension)] *= 1000;
                return row;
            }
        };

        abstract float[] row(Random random, int dimension);
    }

    private static void fill(Random random, Rows kind, int dimension, int count, VectorIndex... indexes) {
        long[] ids = new long[count];
        float[] rows = new float[count * dimension];
        for (int i = 0; i < count; i++) {
            ids[i] = 7L * (i % 2 == 0 ? i : -i);
            System.arraycopy(kind.row(random, dimension), 0, rows, i * dimension, dimension);
        }
        for (VectorIndex index : indexes) {
            index.addAll(ids, MemorySegment.ofArray(rows));
        }
    }

    private static void assertSame(Random random, FlatIndex flat, QuantisedIndex index, float[] query) {
        assertThat(index.size()).isEqualTo(flat.size());
        int k = 1 + random.nextInt(12);
        long barred = random.nextInt(5);
        List<Hit> expected = flat.search(query, k, Float.NEGATIVE_INFINITY, id -> id % 5 != barred);
        assertThat(index.search(query, k, Float.NEGATIVE_INFINITY, id -> id % 5 != barred))
                .isEqualTo(expected);
        float minScore = expected.isEmpty() ? 0 : expected.getLast().score();
        assertThat(index.search(query, 100, minScore)).isEqualTo(flat.search(query, 100, minScore));
        MemorySegment segment = MemorySegment.ofArray(query);
        assertThat(index.range(segment, minScore)).isEqualTo(flat.range(segment, minScore));
    }

    private static float[] batch(Random random, Rows kind, int dimension, int count) {
        float[] queries = new float[count * dimension];
        for (int i = 0; i < count; i++) {
            System.arraycopy(kind.row(random, dimension), 0, queries, i * dimension, dimension);
        }
        return queries;
    }

    private static void assertSameBatch(FlatIndex flat, VectorIndex index, float[] queries) {
        int dimension = flat.dimension();
        TopHits[] best = new TopHits[queries.length / dimension];
        Arrays.setAll(best, i -> new TopHits(1 + i % 11).only(Float.NEGATIVE_INFINITY, id -> id % 5 != i % 5));
        index.search(MemorySegment.ofArray(queries), best);
        for (int i = 0; i < best.length; i++) {
            int number = i;
            float[] query = Arrays.copyOfRange(queries, i * dimension, (i + 1) * dimension);
            assertThat(best[i].toList())
                    .isEqualTo(flat.search(query, best[i].k(), Float.NEGATIVE_INFINITY, id -> id % 5 != number % 5));
        }
    }

    private static MemorySegment seg(float... values) {
        return MemorySegment.ofArray(values);
    }
}
