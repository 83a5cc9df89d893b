package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import umem.bindings.faiss.FaissLibrary;
import umem.engine.testing.Seed;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

class ApproximateIndexTest {
    private static final LongPredicate ALL = id -> true;

    private static FaissLibrary library;

    @TempDir
    Path folder;

    @BeforeAll
    static void load() {
        library = FaissLibrary.load(
                Provision.standard(Progress.silent()).libraries(Accelerator.CPU).faiss());
        // Threads that wait for each other take long where other tests run.
        library.setThreads(1);
    }

    /// A base that names every row: the results have to be those of an exact search.
    private static ApproximateOptions exhaustive(int minRows, double share) {
        return new ApproximateOptions("IVF8,Flat", 8, 0, minRows, share);
    }

    @Test
    void tenThousandChangesLeaveWhatAModelHolds() throws Exception {
        Seed.run(random -> {
            int dimension = 12;
            TreeMap<Long, float[]> model = new TreeMap<>();
            int bases = 0;
            try (ApproximateIndex index = new ApproximateIndex(library, dimension, exhaustive(300, 0.1))) {
                String description = "";
                for (int step = 0; step < 10_000; step++) {
                    change(random, index, model, dimension);
                    if (step % 10 == 0) {
                        compare(random, index, model, dimension);
                    }
                    String now = index.description().replaceAll(",? and .*|, \\d+ of.*", "");
                    bases += now.equals(description) ? 0 : 1;
                    description = now;
                }
                assertThat(index.size()).isEqualTo(model.size());
                // Built in the background, several times.
                assertThat(bases).isGreaterThan(3);
                index.rebuild();
                assertThat(index.description()).contains(" of " + model.size() + " rows, 0 of them gone, and 0 others");
                for (int i = 0; i < 50; i++) {
                    compare(random, index, model, dimension);
                }
                model.forEach((id, row) -> assertThat(index.row(id)).isEqualTo(row));
            }
        });
    }

    private static void change(Random random, ApproximateIndex index, TreeMap<Long, float[]> model, int dimension) {
        // Some rows are there many times, so that scores tie.
        float[] row = random.nextInt(4) == 0
                ? new float[dimension]
                : FlatIndexTest.unit(random.nextInt(5) == 0 ? new Random(random.nextInt(20)) : random, dimension);
        row[0] += 0.01f;
        long id = random.nextInt(1500) - 100;
        int kind = random.nextInt(100);
        if (kind < 2) {
            long[] ids = random.longs(20, 2000, 4000)
                    .distinct()
                    .filter(i -> !model.containsKey(i))
                    .toArray();
            float[] rows = new float[ids.length * dimension];
            for (int i = 0; i < ids.length; i++) {
                float[] one = FlatIndexTest.unit(random, dimension);
                System.arraycopy(one, 0, rows, i * dimension, dimension);
                model.put(ids[i], one);
            }
            index.addAll(ids, MemorySegment.ofArray(rows));
        } else if (!model.containsKey(id)) {
            assertThat(index.contains(id)).isFalse();
            index.add(id, row);
            model.put(id, row);
        } else if (kind < 50) {
            index.update(id, row);
            model.put(id, row);
        } else {
            assertThat(index.remove(id)).isTrue();
            assertThat(index.remove(id)).isFalse();
            model.remove(id);
        }
    }

    private static void compare(Random random, ApproximateIndex index, TreeMap<Long, float[]> model, int dimension) {
        float[] query = FlatIndexTest.unit(random, dimension);
        int k = 1 + random.nextInt(random.nextInt(10) == 0 ? 2000 : 30);
        float minScore = random.nextInt(3) == 0 ? 0.3f : Float.NEGATIVE_INFINITY;
        LongPredicate accepted = random.nextInt(3) == 0 ? id -> id % 7 == 0 : ALL;
        assertThat(index.search(MemorySegment.ofArray(query), k, minScore, accepted))
                .isEqualTo(expected(model, query, k, minScore, accepted));
        assertThat(index.range(MemorySegment.ofArray(query), 0.5f))
                .isEqualTo(expected(model, query, Integer.MAX_VALUE, 0.5f, ALL));
    }

    private static List<Hit> expected(
            TreeMap<Long, float[]> model, float[] query, int k, float minScore, LongPredicate accepted) {
        return model.entrySet().stream()
                .filter(e -> accepted.test(e.getKey()))
                .map(e -> new Hit(e.getKey(), SearchKernels.dot(query, e.getValue())))
                .filter(hit -> hit.score() >= minScore)
                .sorted(Comparator.comparing(Hit::score).reversed().thenComparing(Hit::id))
                .limit(k)
                .toList();
    }

    /// Rows around centres, as embeddings lie: `[rows][dimension]`, of unit length.
    static float[][] clustered(Random random, int count, int dimension) {
        int latent = 16;
        float[][] centres = new float[Math.max(1, count / 50)][latent];
        float[][] projection = new float[latent][dimension];
        for (float[][] matrix : List.of(centres, projection)) {
            for (float[] values : matrix) {
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) random.nextGaussian();
                }
            }
        }
        float[][] rows = new float[count][dimension];
        for (float[] row : rows) {
            float[] centre = centres[random.nextInt(centres.length)];
            for (int l = 0; l < latent; l++) {
                float value = centre[l] + 0.5f * (float) random.nextGaussian();
                for (int i = 0; i < dimension; i++) {
                    row[i] += value * projection[l][i];
                }
            }
            double sum = 0;
            for (int i = 0; i < dimension; i++) {
                row[i] += 0.85f * (float) random.nextGaussian();
                sum += (double) row[i] * row[i];
            }
            for (int i = 0; i < dimension; i++) {
                row[i] /= (float) Math.sqrt(sum);
            }
        }
        return rows;
    }

    private static void addAll(VectorIndex index, float[][] rows, int from, int to) {
        for (int i = from; i < to; i++) {
            index.add(i, rows[i]);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "IVF64,Flat", "HNSW16", "PCA32,IVF64,SQ8"})
    void findsNearlyAllAndNothingThatIsGone(String base) throws Exception {
        Seed.run(random -> {
            int dimension = 64;
            float[][] rows = clustered(random, 8200, dimension);
            ApproximateOptions options =
                    new ApproximateOptions(base.isEmpty() ? null : base, 0, 0, Integer.MAX_VALUE, 0.05);
            try (ApproximateIndex index = new ApproximateIndex(library, dimension, options);
                    FlatIndex exact = new FlatIndex(dimension)) {
                addAll(index, rows, 0, 6000);
                addAll(exact, rows, 0, 6000);
                index.rebuild();
                for (int i = 0; i < 1000; i++) {
                    long gone = random.nextInt(6000);
                    assertThat(index.remove(gone)).isEqualTo(exact.remove(gone));
                }
                for (int i = 0; i < 1000; i++) {
                    long id = random.nextInt(6000);
                    if (exact.contains(id)) {
                        index.update(id, rows[6000 + i]);
                        exact.update(id, rows[6000 + i]);
                    }
                }
                addAll(index, rows, 7000, 8000);
                addAll(exact, rows, 7000, 8000);
                assertThat(index.description()).contains((base.isEmpty() ? "IVF310,SQ8" : base));
                int found = 0;
                TopHits[] batch = new TopHits[200];
                float[] queries = new float[200 * dimension];
                for (int q = 0; q < 200; q++) {
                    float[] query = rows[8000 + q];
                    System.arraycopy(query, 0, queries, q * dimension, dimension);
                    batch[q] = new TopHits(10);
                    List<Hit> expected = exact.search(query, 10, Float.NEGATIVE_INFINITY);
                    List<Hit> hits = index.search(query, 10, Float.NEGATIVE_INFINITY);
                    assertThat(hits).hasSize(10).doesNotHaveDuplicates();
                    for (Hit hit : hits) {
                        assertThat(hit.score()).isEqualTo(SearchKernels.dot(query, exact.row(hit.id())));
                        found += expected.contains(hit) ? 1 : 0;
                    }
                }
                assertThat(found).as("of 2000 nearest rows").isGreaterThanOrEqualTo(1900);
                index.search(MemorySegment.ofArray(queries), batch);
                int same = 0;
                for (int q = 0; q < 200; q++) {
                    List<Hit> alone = index.search(rows[8000 + q], 10, Float.NEGATIVE_INFINITY);
                    same += batch[q].toList().equals(alone) ? 1 : 0;
                }
                assertThat(same).isGreaterThanOrEqualTo(190);
            }
        });
    }

    @Test
    void wantedRowsThatTheBaseDoesNotNameAreFoundByAScan() {
        Random random = new Random(5);
        float[][] rows = clustered(random, 3000, 16);
        try (ApproximateIndex index =
                new ApproximateIndex(library, 16, new ApproximateOptions("IVF64,Flat", 1, 0, 1, 1))) {
            addAll(index, rows, 0, 3000);
            index.rebuild();
            LongPredicate few = id -> id < 3;
            assertThat(index.search(MemorySegment.ofArray(rows[77]), 10, Float.NEGATIVE_INFINITY, few))
                    .hasSize(3);
            assertThat(index.search(rows[77], 3000, Float.NEGATIVE_INFINITY)).hasSize(3000);
            assertThat(index.search(rows[77], 3000, 2f)).isEmpty();
        }
    }

    @Test
    void refusesBadInputAndKeepsWhatItHas() {
        try (ApproximateIndex index = new ApproximateIndex(library, 3, exhaustive(1_000, 0.1))) {
            assertThat(index.search(new float[3], 5, Float.NEGATIVE_INFINITY)).isEmpty();
            index.rebuild();
            index.add(-7, new float[] {1, 2, 3});
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.add(-7, new float[3]))
                    .withMessage("id -7 is taken");
            assertThatIllegalArgumentException().isThrownBy(() -> index.add(8, new float[2]));
            assertThatIllegalArgumentException().isThrownBy(() -> index.add(8, new float[] {0, Float.NaN, 0}));
            assertThatIllegalArgumentException().isThrownBy(() -> index.update(8, new float[3]));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.update(-7, new float[] {0, Float.POSITIVE_INFINITY, 0}));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.addAll(new long[] {1, 1}, MemorySegment.ofArray(new float[6])));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.addAll(new long[] {1, -7}, MemorySegment.ofArray(new float[6])));
            assertThatIllegalArgumentException().isThrownBy(() -> index.search(new float[2], 1, 0));
            assertThatIllegalArgumentException().isThrownBy(() -> index.search(new float[] {0, 0, Float.NaN}, 1, 0));
            assertThatIllegalArgumentException().isThrownBy(() -> index.row(8));
            assertThat(index.size()).isEqualTo(1);
            assertThat(index.contains(1)).isFalse();
            assertThat(index.row(-7)).containsExactly(1, 2, 3);
            assertThat(index.search(new float[] {1, 1, 1}, 99, Float.NEGATIVE_INFINITY))
                    .containsExactly(new Hit(-7, 6));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Nonsense", "IVF0,Flat", "IVF5000,Flat", "PQ7"})
    void aBaseThatCannotBeBuiltIsSaidAndNothingIsLost(String base) {
        Random random = new Random(3);
        float[][] rows = clustered(random, 500, 16);
        try (ApproximateIndex index = new ApproximateIndex(library, 16, new ApproximateOptions(base, 0, 0, 100, 0.1))) {
            addAll(index, rows, 0, 500);
            assertThatExceptionOfType(UmemException.class)
                    .isThrownBy(index::rebuild)
                    .matches(e -> e.kind() == ErrorKind.NATIVE);
            assertThat(index.search(rows[9], 500, Float.NEGATIVE_INFINITY)).hasSize(500);
        }
    }

    @Test
    void isClosedCleanly() {
        ApproximateIndex index = new ApproximateIndex(library, 16, exhaustive(100, 0.1));
        addAll(index, clustered(new Random(4), 2000, 16), 0, 2000);
        // A build is under way, most likely.
        index.close();
        index.close();
        List<Runnable> uses = List.of(
                index::size,
                index::rebuild,
                index::description,
                () -> index.contains(1),
                () -> index.row(1),
                () -> index.remove(1),
                () -> index.add(9999, new float[16]),
                () -> index.update(1, new float[16]),
                () -> index.range(MemorySegment.ofArray(new float[16]), 0),
                () -> index.search(new float[16], 1, 0));
        for (Runnable use : uses) {
            assertThatIllegalStateException().isThrownBy(use::run).withMessage("the index is closed");
        }
    }

    @Test
    void comesBackFromItsFilesAsItWas() throws Exception {
        float[][] rows = clustered(new Random(7), 3100, 16);
        Path file = folder.resolve("rows");
        ApproximateOptions options = new ApproximateOptions("IVF32,SQ8", 8, 0, 100_000, 0.5);
        List<List<Hit>> expected = new ArrayList<>();
        try (ApproximateIndex index = new ApproximateIndex(library, 16, options)) {
            addAll(index, rows, 0, 3000);
            index.rebuild();
            for (long id = 0; id < 100; id++) {
                index.remove(7 * id);
                index.update(7 * id + 1, rows[3000 + (int) id]);
            }
            index.add(0, rows[0]);
            index.add(-5, rows[2]);
            for (int i = 0; i < 50; i++) {
                expected.add(index.search(rows[i], 10, Float.NEGATIVE_INFINITY));
            }
            index.save(file);
            assertThat(index.description()).contains("IVF32,SQ8 of 3000 rows, 200 of them gone, and 102 others");
        }
        try (ApproximateIndex index = ApproximateIndex.load(library, file, options)) {
            assertThat(index.description()).contains("IVF32,SQ8 of 3000 rows, 200 of them gone, and 102 others");
            for (int i = 0; i < 50; i++) {
                assertThat(index.search(rows[i], 10, Float.NEGATIVE_INFINITY)).isEqualTo(expected.get(i));
            }
            index.save(file);
        }
        // Every part that is missing, damaged or of other rows leaves the rows, which are searched exactly.
        try (FlatIndex flat = FlatIndex.load(file)) {
            assertThat(flat.size()).isEqualTo(2902);
            for (String part : List.of("rows.base", "rows.base.ids")) {
                Path path = folder.resolve(part);
                byte[] whole = Files.readAllBytes(path);
                for (int place : new int[] {0, 9, 80, whole.length / 2, whole.length - 1}) {
                    byte[] damaged = whole.clone();
                    damaged[place] ^= 4;
                    Files.write(path, damaged);
                    assertWithoutBase(file, options, rows[5], flat);
                }
                Files.write(path, Arrays.copyOf(whole, whole.length - 5));
                assertWithoutBase(file, options, rows[5], flat);
                Files.delete(path);
                assertWithoutBase(file, options, rows[5], flat);
                Files.write(path, whole);
            }
            flat.remove(5);
            flat.save(file);
            assertWithoutBase(file, options, rows[5], flat);
        }
        byte[] damaged = Files.readAllBytes(file);
        damaged[1000] ^= 1;
        Files.write(file, damaged);
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> ApproximateIndex.load(library, file, options))
                .matches(e -> e.kind() == ErrorKind.STORAGE);
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> ApproximateIndex.load(library, folder.resolve("none"), options))
                .matches(e -> e.kind() == ErrorKind.STORAGE);
    }

    private static void assertWithoutBase(Path file, ApproximateOptions options, float[] query, FlatIndex flat) {
        try (ApproximateIndex index = ApproximateIndex.load(library, file, options)) {
            assertThat(index.description()).startsWith("flat");
            assertThat(index.search(query, 10, Float.NEGATIVE_INFINITY))
                    .isEqualTo(flat.search(query, 10, Float.NEGATIVE_INFINITY));
        }
    }

    @Test
    void buildsTheBaseThatAFileLacks() {
        Path file = folder.resolve("rows");
        float[][] rows = clustered(new Random(8), 500, 16);
        try (FlatIndex flat = new FlatIndex(16)) {
            addAll(flat, rows, 0, 500);
            flat.save(file);
        }
        try (ApproximateIndex index = ApproximateIndex.load(library, file, exhaustive(100, 0.1))) {
            index.rebuild();
            assertThat(index.description()).contains("of 500 rows, 0 of them gone");
        }
    }

    @Test
    void searchesGoOnWhileRowsChangeAndBasesAreBuilt() throws Exception {
        float[][] rows = clustered(new Random(6), 3000, 16);
        try (ApproximateIndex index = new ApproximateIndex(library, 16, exhaustive(500, 0.02));
                ExecutorService threads = Executors.newFixedThreadPool(3)) {
            addAll(index, rows, 0, 1000);
            AtomicBoolean done = new AtomicBoolean();
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < 2; t++) {
                int first = t;
                running.add(threads.submit(() -> {
                    for (int i = first; !done.get(); i = (i + 7) % 1000) {
                        // The first 1000 never change.
                        List<Hit> hits = index.search(rows[i], 3, Float.NEGATIVE_INFINITY);
                        long id = i;
                        assertThat(hits).anyMatch(hit -> hit.id() == id);
                    }
                }));
            }
            for (int i = 1000; i < 3000; i++) {
                index.add(i, rows[i]);
                if (i % 3 == 0) {
                    index.update(i, rows[i - 1000]);
                    index.update(i, rows[i]);
                }
                if (i % 500 == 0) {
                    index.rebuild();
                }
            }
            done.set(true);
            for (Future<?> thread : running) {
                thread.get();
            }
        }
    }
}
