package umem.bindings.faiss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import umem.bindings.NativeException;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Indexes of every kind that the factory makes.
class FaissKindsTest {
    private static final int DIMENSION = 16;
    private static final int ROWS = 400;

    private static FaissLibrary library;
    private static float[] rows;

    @TempDir
    Path folder;

    @BeforeAll
    static void load() {
        library = Faiss.library();
        rows = Faiss.rows(new Random(17), ROWS, DIMENSION);
    }

    private static FaissIndex filled(String description, FaissMetric metric) {
        FaissIndex index = FaissIndex.create(library, DIMENSION, description, metric);
        if (!index.isTrained()) {
            index.train(MemorySegment.ofArray(rows));
        }
        index.add(rows, Faiss.ids(7000, ROWS));
        return index;
    }

    private static float[] row(int row) {
        return Arrays.copyOfRange(rows, row * DIMENSION, (row + 1) * DIMENSION);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "IDMap2,Flat",
                "IDMap2,HNSW8",
                "IDMap2,SQ8",
                "IVF4,Flat",
                "IVF4,SQ8",
                "IDMap2,IVF4,Flat",
                "PCA8,IVF4,Flat",
                "IVF4_HNSW4,Flat",
                "IDMap2,PQ4x4np",
                "IVF4,Flat,RFlat,IDMap2"
            })
    void comesBackFromAFileAsItWas(String description) {
        Path file = folder.resolve("index");
        try (FaissIndex index = filled(description, FaissMetric.INNER_PRODUCT)) {
            index.save(file);
            try (FaissIndex loaded = FaissIndex.load(library, file)) {
                assertThat(loaded.size()).isEqualTo(ROWS);
                assertThat(loaded.operations()).isEqualTo(index.operations());
                assertThat(loaded.metric()).isEqualTo(FaissMetric.INNER_PRODUCT);
                assertThat(loaded.isTrained()).isTrue();
                float[] queries = Faiss.rows(new Random(4), 30, DIMENSION);
                FaissHits expected = index.search(queries, 5);
                FaissHits hits = loaded.search(queries, 5);
                assertThat(hits.ids()).isEqualTo(expected.ids());
                assertThat(hits.scores()).isEqualTo(expected.scores());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"IDMap2,Flat", "IDMap2,HNSW8", "IVF4,Flat"})
    void noDamageReachesTheReader(String description) throws Exception {
        Path file = folder.resolve("index");
        try (FaissIndex index = filled(description, FaissMetric.L2)) {
            index.save(file);
        }
        byte[] whole = Files.readAllBytes(file);
        Random random = new Random(5);
        for (int i = 0; i < 100; i++) {
            byte[] damaged = whole.clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, damaged);
            assertThatExceptionOfType(UmemException.class)
                    .isThrownBy(() -> FaissIndex.load(library, file))
                    .withMessageContaining("is no sound index file")
                    .matches(e -> e.kind() == ErrorKind.STORAGE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"IDMap2,Flat", "IVF4,Flat"})
    void removesAndRefuses(String description) {
        try (FaissIndex index = filled(description, FaissMetric.L2)) {
            index.add(new float[0], new long[0]);
            assertThat(index.remove(new long[0])).isZero();
            assertThat(index.remove(new long[] {7003, 7003, 5, -1, 7399})).isEqualTo(2);
            assertThat(index.size()).isEqualTo(ROWS - 2);
            assertThat(index.contains(7003)).isFalse();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.add(row(0), new long[] {7000}))
                    .withMessage("id 7000 is taken");
            index.add(row(3), new long[] {7003});
            if (description.startsWith("IVF")) {
                index.set("nprobe", 4);
            }
            for (int i = 0; i < ROWS - 1; i++) {
                assertThat(index.search(row(i), 1).ids()).containsExactly(7000 + i);
                assertThat(index.reconstruct(7000 + i)).isEqualTo(row(i));
            }
        }
    }

    @Test
    void whatAKindCannotDoIsRefusedInWords() {
        try (FaissIndex graph = filled("IDMap2,HNSW8", FaissMetric.INNER_PRODUCT)) {
            assertThat(graph.operations()).isEqualTo(new FaissOperations(true, false, false, true, true));
            assertThatExceptionOfType(NativeException.class)
                    .isThrownBy(() -> graph.remove(new long[] {7000}))
                    .withMessageContaining("this kind of index cannot remove rows");
            assertThatExceptionOfType(NativeException.class)
                    .isThrownBy(() -> graph.range(row(0), 0.5f))
                    .withMessageContaining("this kind of index cannot find all rows within a limit");
            assertThatExceptionOfType(NativeException.class)
                    .isThrownBy(() -> graph.set("nprobe", 4))
                    .withMessageContaining("nprobe");
        }
        try (FaissIndex bare = FaissIndex.create(library, DIMENSION, "HNSW8", FaissMetric.L2)) {
            assertThatExceptionOfType(NativeException.class)
                    .isThrownBy(() -> bare.add(row(0), new long[] {1}))
                    .withMessageContaining("begin its description with IDMap2,");
        }
    }

    @Test
    void anUntrainedIndexSaysSo() {
        try (FaissIndex index = FaissIndex.create(library, DIMENSION, "IVF32,Flat", FaissMetric.L2)) {
            assertThat(index.isTrained()).isFalse();
            assertThatExceptionOfType(NativeException.class)
                    .isThrownBy(() -> index.add(row(0), new long[] {1}))
                    .withMessageContaining("has to be trained before rows are added");
            assertThatExceptionOfType(NativeException.class)
                    .isThrownBy(() -> index.train(MemorySegment.ofArray(row(0))))
                    .withMessageContaining("should be at least as large as number of clusters (32)");
            assertThatIllegalArgumentException().isThrownBy(() -> index.train(MemorySegment.ofArray(new float[0])));
            assertThatIllegalArgumentException().isThrownBy(() -> index.train(MemorySegment.ofArray(new float[3])));
            float[] bad = rows.clone();
            bad[33] = Float.NaN;
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.train(MemorySegment.ofArray(bad)))
                    .withMessageContaining("value 1 of row 2 is NaN");
            assertThat(index.search(row(0), 3).ids()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Nonsense", "PQ0", "IDMap2,HNSW0", "IVF0,Flat", "IVF2000000,Flat", "PQ5", "HNSW1"})
    void aBadDescriptionIsRefused(String description) {
        assertThatExceptionOfType(NativeException.class)
                .isThrownBy(() -> FaissIndex.create(library, DIMENSION, description, FaissMetric.INNER_PRODUCT));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FaissIndex.create(library, 0, description, FaissMetric.INNER_PRODUCT));
    }

    @ParameterizedTest
    @ValueSource(strings = {"IDMap2,Flat", "IVF1,Flat"})
    void aRangeIsWhatAScanFinds(String description) {
        float[] queries = Faiss.rows(new Random(9), 25, DIMENSION);
        try (FaissIndex index = filled(description, FaissMetric.INNER_PRODUCT)) {
            FaissRange range = index.range(queries, 4f);
            int from = 0;
            for (int q = 0; q < 25; q++) {
                float[] query = Arrays.copyOfRange(queries, q * DIMENSION, (q + 1) * DIMENSION);
                long[] expected = IntStream.range(0, ROWS)
                        .filter(i -> dot(row(i), query) > 4)
                        .mapToLong(i -> 7000 + i)
                        .toArray();
                assertThat(Arrays.copyOfRange(range.ids(), from, range.ends()[q]))
                        .containsExactlyInAnyOrder(expected);
                from = range.ends()[q];
            }
            assertThat(range.scores()).hasSize(from);
            for (float score : range.scores()) {
                assertThat(score).isGreaterThan(4);
            }
            assertThat(index.range(new float[0], 1).ends()).isEmpty();
            assertThat(index.range(queries, Float.POSITIVE_INFINITY).ids()).isEmpty();
            assertThat(index.range(row(0), Float.NEGATIVE_INFINITY).ids()).hasSize(ROWS);
            assertThatIllegalArgumentException().isThrownBy(() -> index.range(row(0), Float.NaN));
            assertThatIllegalArgumentException().isThrownBy(() -> index.range(new float[3], 1));
        }
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    @Test
    void moreListsVisitedFindMore() {
        try (FaissIndex index = filled("IVF16,Flat", FaissMetric.INNER_PRODUCT)) {
            assertThat(index.search(row(0), ROWS).ids()).contains(-1);
            index.set("nprobe", 16);
            assertThat(index.search(row(0), ROWS).ids()).doesNotContain(-1);
            for (int bad : new int[] {Integer.MIN_VALUE, -1, 0, Integer.MAX_VALUE}) {
                assertThatExceptionOfType(NativeException.class).isThrownBy(() -> index.set("nprobe", bad));
            }
        }
    }

    @Test
    void searchesIntoTheCallersMemory() {
        try (FaissIndex index = filled("IDMap2,Flat", FaissMetric.INNER_PRODUCT);
                Arena arena = Arena.ofConfined()) {
            MemorySegment queries = arena.allocateFrom(ValueLayout.JAVA_FLOAT, Arrays.copyOf(rows, 3 * DIMENSION));
            MemorySegment scores = arena.allocate(4 * 15);
            MemorySegment ids = arena.allocate(8 * 15, 8);
            index.search(queries, 5, scores, ids);
            FaissHits expected = index.search(queries, 5);
            assertThat(ids.toArray(ValueLayout.JAVA_LONG)).isEqualTo(expected.ids());
            assertThat(scores.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)).isEqualTo(expected.scores());
            assertThatIllegalArgumentException().isThrownBy(() -> index.search(queries, 6, scores, ids));
            queries.set(ValueLayout.JAVA_FLOAT, 0, Float.NaN);
            assertThatIllegalArgumentException().isThrownBy(() -> index.search(queries, 5, scores, ids));
        }
    }
}
