package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.testing.Seed;
import umem.error.ErrorKind;
import umem.error.UmemException;

class RowFileTest {
    private static final Map<Long, float[]> GOLDEN = Map.of(
            7L, new float[] {1, -2.5f, 3.25f}, Long.MIN_VALUE, new float[] {0.5f, 0, -0f}, 1000000007L, new float[] {
                1e-30f, 1e30f, -1
            });

    @TempDir
    private Path folder;

    @Test
    void readsAndWritesTheGoldenFile() throws Exception {
        byte[] golden = golden();
        Path file = Files.write(folder.resolve("golden"), golden);
        for (Function<Path, FlatIndex> open : openings()) {
            try (FlatIndex index = open.apply(file)) {
                assertThat(index.dimension()).isEqualTo(3);
                assertThat(index.size()).isEqualTo(3);
                GOLDEN.forEach((id, row) -> assertThat(index.row(id)).containsExactly(row));
                index.save(folder.resolve("again"));
            }
            assertThat(folder.resolve("again")).hasBinaryContent(golden);
        }
        assertThat(names()).containsExactlyInAnyOrder("golden", "again");
    }

    private static byte[] golden() throws IOException {
        try (var in = Objects.requireNonNull(RowFileTest.class.getResourceAsStream("rows.umem"))) {
            return in.readAllBytes();
        }
    }

    private static List<Function<Path, FlatIndex>> openings() {
        return List.of(FlatIndex::load, FlatIndex::map);
    }

    private Stream<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList().stream();
        }
    }

    @Test
    void everyDamageIsSeen() throws Exception {
        byte[] golden = golden();
        for (int bit = 0; bit < 8 * golden.length; bit += 7) {
            byte[] damaged = golden.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            assertRefused(damaged, "");
        }
        for (int length = 0; length < golden.length; length++) {
            assertRefused(Arrays.copyOf(golden, length), length < 8 ? "is not an index of UMEM" : "is damaged: it");
        }
        assertRefused(Arrays.copyOf(golden, golden.length + 1), "it has 321 bytes instead of 320");
        assertRefused(
                "{\"seq\": 1, \"what\": \"a file of another kind\"}".getBytes(StandardCharsets.UTF_8),
                "is not an index of UMEM");
    }

    @Test
    void whatAWriterWouldNotWriteIsRefusedThoughItsChecksumsAreRight() throws Exception {
        assertRefused(forged(file -> file.putInt(8, 2)), "has format 2, but this version of UMEM reads format 1");
        assertRefused(forged(file -> file.putInt(12, 9)), "holds rows of type 9, not float32");
        assertRefused(forged(file -> file.putInt(16, 0)), "promises 3 rows of 0 values");
        assertRefused(forged(file -> file.putInt(16, Integer.MAX_VALUE)), "promises 3 rows of 2147483647 values");
        assertRefused(forged(file -> file.putLong(24, 1L << 40)), "promises 1099511627776 rows");
        assertRefused(forged(file -> file.putLong(24, 1 << 29)), "it has 320 bytes instead of 38654705728");
        assertRefused(forged(file -> file.putLong(72, 7)), "id 7 ");
        assertRefused(forged(file -> file.putFloat(196, Float.NaN)), "value 1 is NaN, not a finite number");
        Path padded = Files.write(folder.resolve("padded"), forged(file -> file.putFloat(140, 1)));
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> FlatIndex.map(padded))
                .withMessageContaining("row 0 is not padded with zeros");
    }

    /// The golden file with a change, and the checksums of the changed file.
    private static byte[] forged(Consumer<ByteBuffer> change) throws IOException {
        byte[] bytes = golden();
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        change.accept(file);
        CRC32C body = new CRC32C();
        body.update(bytes, 64, bytes.length - 64);
        file.putInt(56, (int) body.getValue());
        CRC32C header = new CRC32C();
        header.update(bytes, 0, 60);
        file.putInt(60, (int) header.getValue());
        return bytes;
    }

    private void assertRefused(byte[] bytes, String message) throws IOException {
        Path file = Files.write(folder.resolve("damaged"), bytes);
        for (Function<Path, FlatIndex> open : openings()) {
            assertThatExceptionOfType(UmemException.class)
                    .isThrownBy(() -> open.apply(file))
                    .withMessageContaining(message)
                    .withMessageContaining(file.toString())
                    .satisfies(e -> assertThat(e.kind()).isIn(ErrorKind.INPUT, ErrorKind.STORAGE))
                    .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
        }
    }

    @Test
    void aFailedSaveLeavesTheOldFile() throws Exception {
        try (FlatIndex index = new FlatIndex(2)) {
            index.add(1, new float[] {1, 2});
            Path missing = folder.resolve("missing/file");
            assertThatExceptionOfType(UmemException.class)
                    .isThrownBy(() -> index.save(missing))
                    .withMessageContaining("cannot save the index to " + missing)
                    .satisfies(e -> assertThat(e.kind()).isEqualTo(ErrorKind.STORAGE));
            assertThatExceptionOfType(UmemException.class)
                    .isThrownBy(() -> FlatIndex.load(missing))
                    .withMessageContaining("cannot read the index " + missing);
            // A folder cannot be replaced by a file.
            Path taken = folder.resolve("taken");
            Files.createDirectories(taken.resolve("inner"));
            assertThatExceptionOfType(UmemException.class).isThrownBy(() -> index.save(taken));
            assertThat(names()).containsExactly("taken");
        }
    }

    @Test
    void anInterruptedThreadSavesAndLoads() {
        Path file = folder.resolve("index");
        try (FlatIndex index = new FlatIndex(2)) {
            index.add(1, new float[] {1, 2});
            index.save(file);
            Thread.currentThread().interrupt();
            try (FlatIndex loaded = FlatIndex.load(file)) {
                assertThat(loaded.row(1)).containsExactly(1, 2);
            }
            assertThatExceptionOfType(UmemException.class)
                    .isThrownBy(() -> FlatIndex.map(file))
                    .satisfies(e -> assertThat(e.kind()).isEqualTo(ErrorKind.INTERRUPTED));
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    /// Against a model in plain Java: any history of changes, searches, and moves through a file.
    @Test
    void everyHistoryEqualsTheModel() throws Exception {
        Seed.run(random -> {
            int dimension = 1 + random.nextInt(40);
            Map<Long, float[]> model = new HashMap<>();
            Path file = folder.resolve("history");
            FlatIndex index = new FlatIndex(dimension);
            try {
                for (int step = 0; step < 3000; step++) {
                    change(index, model, random);
                    if (random.nextInt(50) == 0) {
                        assertSame(index, model, FlatIndexTest.unit(random, dimension), 1 + random.nextInt(30));
                    }
                    if (random.nextInt(150) == 0) {
                        index.save(file);
                        index.close();
                        index = random.nextBoolean() ? FlatIndex.load(file) : FlatIndex.map(file);
                        assertThat(index.size()).isEqualTo(model.size());
                    }
                }
            } finally {
                index.close();
            }
        });
    }

    private static void change(FlatIndex index, Map<Long, float[]> model, Random random) {
        int dimension = index.dimension();
        if (random.nextInt(10) == 0) {
            long[] ids = random.longs(random.nextInt(300), -3000, 3000)
                    .distinct()
                    .filter(id -> !model.containsKey(id))
                    .toArray();
            float[] rows = new float[ids.length * dimension];
            for (int i = 0; i < ids.length; i++) {
                float[] row = FlatIndexTest.unit(random, dimension);
                model.put(ids[i], row);
                System.arraycopy(row, 0, rows, i * dimension, dimension);
            }
            index.addAll(ids, MemorySegment.ofArray(rows));
            return;
        }
        long id = random.nextInt(6000) - 3000L;
        float[] row = FlatIndexTest.unit(random, dimension);
        if (!model.containsKey(id)) {
            index.add(id, row);
            model.put(id, row);
        } else if (random.nextInt(3) > 0) {
            assertThat(index.remove(id)).isTrue();
            model.remove(id);
        } else {
            index.update(id, row);
            model.put(id, row);
        }
    }

    /// The same bits in the same order: [SearchKernels#dot] is the score of a search.
    private static void assertSame(FlatIndex index, Map<Long, float[]> model, float[] query, int k) {
        Hit[] expected = model.entrySet().stream()
                .map(row -> new Hit(row.getKey(), SearchKernels.dot(query, row.getValue())))
                .sorted((a, b) ->
                        a.score() == b.score() ? Long.compare(a.id(), b.id()) : Float.compare(b.score(), a.score()))
                .toArray(Hit[]::new);
        assertThat(index.search(query, k, Float.NEGATIVE_INFINITY))
                .containsExactly(Arrays.copyOf(expected, Math.min(k, expected.length)));
        assertThat(index.range(MemorySegment.ofArray(query), Float.NEGATIVE_INFINITY))
                .containsExactly(expected);
    }
}
