package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import umem.bindings.ggml.Backend;
import umem.bindings.llama.LlamaLibrary;
import umem.engine.testing.Seed;
import umem.error.UmemException;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

/// On ggml's CPU backend, which computes the graph that a GPU would: the same hits as [FlatIndex], bit for bit.
class DeviceIndexTest {
    private static final LongPredicate ALL = id -> true;

    private static Backend backend;

    @BeforeAll
    static void open() {
        backend = Backend.cpu(
                LlamaLibrary.load(Provision.standard(Progress.silent()).libraries(Accelerator.CPU)), 1);
    }

    @AfterAll
    static void close() {
        backend.close();
    }

    @Test
    void everyHistoryOfChangesEndsInTheSameHits() throws Exception {
        Seed.run(random -> {
            int dimension = 1 + random.nextInt(40);
            try (Pair pair = new Pair(dimension)) {
                long next = 0;
                // Up and down over the borders of segments.
                for (int step = 0; step < 30; step++) {
                    int rows = 1 + random.nextInt(700);
                    if (pair.flat.size() > 2500 || random.nextInt(4) == 0 && pair.flat.size() > 1200) {
                        for (int i = 0; i < rows; i++) {
                            pair.remove(random.nextLong(next));
                        }
                    } else if (random.nextInt(3) == 0) {
                        for (int i = 0; i < rows; i++) {
                            pair.add(next++, FlatIndexTest.unit(random, dimension));
                        }
                    } else {
                        pair.addAll(next, rows, random);
                        next += rows;
                    }
                    for (int i = 0; i < 50; i++) {
                        pair.update(random.nextLong(next), FlatIndexTest.unit(random, dimension));
                    }
                    float[] query = FlatIndexTest.unit(random, dimension);
                    pair.assertSame(query, 1 + random.nextInt(12), Float.NEGATIVE_INFINITY, ALL);
                    long barred = random.nextInt(40);
                    pair.assertSame(query, 5, random.nextFloat() - 0.5f, id -> id % 40 != barred);
                }
            }
        });
    }

    @Test
    void findsWithTheDeviceAloneWhenRowsAreApart() throws Exception {
        Seed.run(random -> {
            int dimension = 64;
            try (Pair pair = new Pair(dimension)) {
                // Beyond the first shard.
                pair.addAll(0, 20_000, random);
                int queries = 100;
                MemorySegment batch = rows(random, queries, dimension);
                TopHits[] best = hits(queries, 10);
                pair.device.search(batch, best);
                for (int i = 0; i < queries; i++) {
                    float[] query = query(batch, i, dimension);
                    assertThat(best[i].toList()).isEqualTo(pair.flat.search(query, 10, Float.NEGATIVE_INFINITY));
                }
                assertThat(pair.device.rescans()).isLessThan(5);
            }
        });
    }

    @Test
    void copiesOfARowComeByAscendingId() throws Exception {
        Seed.run(random -> {
            int dimension = 16;
            try (Pair pair = new Pair(dimension)) {
                float[] row = FlatIndexTest.unit(random, dimension);
                for (long id = 3000; id > 0; id--) {
                    pair.add(id, row);
                }
                assertThat(pair.device.search(row, 3, -1)).extracting(Hit::id).containsExactly(1L, 2L, 3L);
                assertThat(pair.device.rescans()).isEqualTo(1);
                pair.assertSame(row, 3, -1, id -> id > 2000);
            }
        });
    }

    @Test
    void rowsOfAnySizeAreFound() throws Exception {
        Seed.run(random -> {
            int dimension = 20;
            try (Pair pair = new Pair(dimension)) {
                for (long id = 0; id < 2100; id++) {
                    float[] row = FlatIndexTest.unit(random, dimension);
                    double scale = Math.pow(10, random.nextInt(70) - 35);
                    for (int i = 0; i < dimension; i++) {
                        row[i] *= (float) scale;
                    }
                    pair.add(id, row);
                }
                for (int i = 0; i < 20; i++) {
                    float[] query = FlatIndexTest.unit(random, dimension);
                    query[0] *= (float) Math.pow(10, random.nextInt(8) - 4);
                    pair.assertSame(query, 1 + random.nextInt(30), Float.NEGATIVE_INFINITY, ALL);
                }
                pair.assertSame(new float[dimension], 4, Float.NEGATIVE_INFINITY, ALL);
            }
        });
    }

    @Test
    void findsMoreThanTheDeviceIsAskedFor() throws Exception {
        Seed.run(random -> {
            int dimension = 8;
            try (Pair pair = new Pair(dimension)) {
                pair.addAll(0, 2500, random);
                float[] query = FlatIndexTest.unit(random, dimension);
                for (int k : new int[] {DeviceIndex.MAX_K, DeviceIndex.MAX_K + 1, 2500, 5000}) {
                    pair.assertSame(query, k, Float.NEGATIVE_INFINITY, ALL);
                }
                assertThat(pair.device.range(MemorySegment.ofArray(query), 0.3f))
                        .isEqualTo(pair.flat.range(MemorySegment.ofArray(query), 0.3f));
            }
        });
    }

    @Test
    void theErrorOfHalfPrecisionIsWithinItsBound() throws Exception {
        Seed.run(random -> {
            int dimension = 100;
            try (HalfRows halves = new HalfRows(dimension)) {
                for (int round = 0; round < 200; round++) {
                    float[] row = FlatIndexTest.unit(random, dimension);
                    float[] query = FlatIndexTest.unit(random, dimension);
                    MemorySegment half = halves.convert(row);
                    float[] rounded = new float[dimension];
                    double error = halves.round(query, rounded, 0);
                    double sum = 0;
                    for (int i = 0; i < dimension; i++) {
                        sum += (double) rounded[i]
                                * Float.float16ToFloat(half.getAtIndex(java.lang.foreign.ValueLayout.JAVA_SHORT, i));
                    }
                    assertThat(Math.abs(sum - FlatIndexTest.dot(row, query))).isLessThan(error);
                    assertThat(error).isLessThan(1e-3);
                }
            }
        });
    }

    @Test
    void refusesWhatFlatIndexRefuses() {
        try (DeviceIndex index = new DeviceIndex(backend, 3)) {
            index.add(7, new float[] {1, 2, 3});
            assertThatIllegalArgumentException().isThrownBy(() -> index.add(7, new float[3]));
            assertThatIllegalArgumentException().isThrownBy(() -> index.add(8, new float[] {0, Float.NaN, 0}));
            assertThatIllegalArgumentException().isThrownBy(() -> index.search(new float[2], 1, 0));
            assertThatIllegalArgumentException().isThrownBy(() -> index.search(new float[] {0, Float.NaN, 0}, 1, 0));
            assertThat(index.search(new float[] {1, 1, 1}, 5, 0)).containsExactly(new Hit(7, 6));
            assertThat(index.description()).isEqualTo("flat float16 on CPU, rescored");
            assertThat(index.size()).isEqualTo(1);
            assertThat(index.contains(7)).isTrue();
            assertThat(index.row(7)).containsExactly(1, 2, 3);
            index.close();
            assertThatIllegalStateException().isThrownBy(() -> index.search(new float[3], 1, 0));
            assertThatIllegalStateException().isThrownBy(() -> index.add(8, new float[3]));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new DeviceIndex(backend, 0));
    }

    /// A device without room refuses the change, and what was there stays.
    @Test
    void aChangeThatTheDeviceHasNoRoomForChangesNothing() {
        int dimension = 1 << 12;
        try (DeviceRows rows = new DeviceRows(backend, dimension)) {
            assertThat(DeviceShard.maxSegments(dimension)).isEqualTo(511);
            assertThatExceptionOfType(UmemException.class)
                    .isThrownBy(() -> rows.reserve(1 << 29))
                    .withMessageStartingWith(
                            "not enough memory on CPU: 536870912 rows of 4096 values take 4096.00 GiB");
            assertThat(rows.covered(1 << 29)).isZero();
        }
    }

    @Test
    void readersNeverSeeHalfAChange() throws Exception {
        int dimension = 16;
        float[] ones = new float[dimension];
        Arrays.fill(ones, 1);
        float[] twos = new float[dimension];
        Arrays.fill(twos, 2);
        AtomicBoolean done = new AtomicBoolean();
        try (DeviceIndex index = new DeviceIndex(backend, dimension);
                ExecutorService readers = Executors.newFixedThreadPool(2)) {
            Random random = new Random(1);
            for (long id = 10; id < 3000; id++) {
                index.add(id, FlatIndexTest.unit(random, dimension));
            }
            index.add(0, ones);
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                running.add(readers.submit(() -> {
                    while (!done.get()) {
                        Hit best = index.search(ones, 1, -1).getFirst();
                        assertThat(best.score()).isIn(16f, 32f);
                    }
                }));
            }
            for (int step = 0; step < 500; step++) {
                index.update(0, step % 2 == 0 ? twos : ones);
                // The other way between segments: the last row, which may be the one, fills the hole.
                index.remove(10 + step);
            }
            done.set(true);
            for (Future<?> reader : running) {
                reader.get();
            }
        }
    }

    private static TopHits[] hits(int queries, int k) {
        TopHits[] best = new TopHits[queries];
        Arrays.setAll(best, i -> new TopHits(k));
        return best;
    }

    private static MemorySegment rows(Random random, int count, int dimension) {
        float[] rows = new float[count * dimension];
        for (int i = 0; i < count; i++) {
            System.arraycopy(FlatIndexTest.unit(random, dimension), 0, rows, i * dimension, dimension);
        }
        return MemorySegment.ofArray(rows);
    }

    private static float[] query(MemorySegment batch, int index, int dimension) {
        return batch.asSlice(4L * dimension * index, 4L * dimension).toArray(java.lang.foreign.ValueLayout.JAVA_FLOAT);
    }

    /// The same changes to both indexes.
    private static final class Pair implements AutoCloseable {
        private final FlatIndex flat;
        private final DeviceIndex device;

        Pair(int dimension) {
            flat = new FlatIndex(dimension);
            device = new DeviceIndex(backend, dimension);
        }

        void add(long id, float[] row) {
            flat.add(id, row);
            device.add(id, row);
        }

        void addAll(long firstId, int count, Random random) {
            long[] ids = new long[count];
            Arrays.setAll(ids, i -> firstId + i);
            MemorySegment all = rows(random, count, flat.dimension());
            flat.addAll(ids, all);
            device.addAll(ids, all);
        }

        void update(long id, float[] row) {
            if (flat.contains(id)) {
                flat.update(id, row);
                device.update(id, row);
            }
        }

        void remove(long id) {
            assertThat(device.remove(id)).isEqualTo(flat.remove(id));
        }

        void assertSame(float[] query, int k, float minScore, LongPredicate accepted) {
            assertThat(device.search(query, k, minScore, accepted))
                    .isEqualTo(flat.search(query, k, minScore, accepted));
        }

        @Override
        public void close() {
            device.close();
            flat.close();
        }
    }
}
