package umem.engine.embedding.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.embedding.Encoder;
import umem.engine.testing.HashedWords;
import umem.engine.testing.Seed;

class EmbeddingCacheTest {
    private static final long LIMIT = 1 << 20;

    @TempDir
    Path folder;

    static CachedEncoder cached(Path folder, Encoder encoder, long limit) {
        return new CachedEncoder(
                encoder, EmbeddingCache.open(folder, encoder.fingerprint(), encoder.dimension(), limit));
    }

    private CachedEncoder cached(Encoder encoder) {
        return cached(folder, encoder, LIMIT);
    }

    /// Embeds, and demands what an encoder without a cache makes of these texts, bit by bit.
    static void embed(Encoder encoder, List<String> texts) {
        HashedWords oracle = new HashedWords(encoder.dimension());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rows = arena.allocate(ValueLayout.JAVA_FLOAT, (long) texts.size() * encoder.dimension());
            MemorySegment expected = arena.allocate(rows.byteSize());
            encoder.encode(texts, rows);
            oracle.encode(texts, expected);
            assertThat(rows.mismatch(expected)).isEqualTo(-1);
        }
    }

    private static List<String> texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "text number " + i).toList();
    }

    private List<Path> files(String suffix) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(suffix))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void remembersInMemoryAndOnDisk() {
        HashedWords encoder = new HashedWords();
        try (CachedEncoder first = cached(encoder)) {
            embed(first, List.of("a", "b", "a", "", "b"));
            assertThat(encoder.encoded()).isEqualTo(3);
            embed(first, List.of("c", "b", "a", "ü"));
            assertThat(encoder.encoded()).isEqualTo(5);
            assertThat(first.encode("ü")).isEqualTo(new HashedWords().encode("ü"));
            assertThat(first.statistics()).isEqualTo(new EmbeddingCache.Statistics(3, 5, 0));
        }
        HashedWords later = new HashedWords();
        try (CachedEncoder second = cached(later)) {
            embed(second, List.of("ü", "c", "", "b", "a"));
            assertThat(later.encoded()).isZero();
            embed(second, texts(0, 3000));
            embed(second, texts(0, 3000));
            assertThat(later.encoded()).isEqualTo(3000);
        }
        assertThat(files(".vectors")).hasSizeGreaterThan(1);
    }

    @Test
    void doesNotMixEncoders() {
        HashedWords small = new HashedWords(16);
        try (CachedEncoder a = cached(new HashedWords());
                CachedEncoder b = cached(small)) {
            embed(a, texts(0, 9));
            embed(b, texts(0, 9));
            assertThat(small.encoded()).isEqualTo(9);
        }
    }

    @Test
    void severalCachesOfOneProcessAddBesideEachOther() {
        HashedWords encoder = new HashedWords();
        try (CachedEncoder a = cached(encoder);
                CachedEncoder b = cached(encoder)) {
            for (int i = 0; i < 20; i++) {
                embed(a, texts(10 * i, 10 * i + 10));
                embed(b, texts(1000 + 10 * i, 1000 + 10 * i + 10));
            }
        }
        assertThat(files(".vectors")).hasSize(2);
        HashedWords later = new HashedWords();
        try (CachedEncoder c = cached(later)) {
            embed(c, texts(0, 200));
            embed(c, texts(1000, 1200));
            assertThat(later.encoded()).isZero();
        }
    }

    @Test
    void threadsShareOne() throws Exception {
        HashedWords encoder = new HashedWords();
        try (CachedEncoder shared = cached(encoder);
                var threads = Executors.newFixedThreadPool(4)) {
            List<Callable<Void>> calls = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                int from = i % 7 * 10;
                calls.add(() -> {
                    embed(shared, texts(from, from + 30));
                    return null;
                });
            }
            for (Future<Void> call : threads.invokeAll(calls)) {
                call.get();
            }
            EmbeddingCache.Statistics statistics = shared.statistics();
            assertThat(statistics.hits() + statistics.misses()).isEqualTo(40 * 30);
            assertThat(statistics.damaged()).isZero();
        }
    }

    @Test
    void keepsTheNewestWithinItsLimit() throws IOException {
        long limit = 64 * VectorFile.recordBytes(64);
        HashedWords encoder = new HashedWords();
        for (int round = 0; round < 20; round++) {
            try (CachedEncoder cached = cached(folder, encoder, limit)) {
                embed(cached, texts(25 * round, 25 * round + 25));
                embed(cached, texts(25 * round, 25 * round + 25));
            }
            long bytes = 0;
            for (Path file : files(".vectors")) {
                bytes += Files.size(file);
            }
            assertThat(bytes).isLessThanOrEqualTo(limit);
        }
        assertThat(encoder.encoded()).isEqualTo(500);
        assertThat(files(".lock")).hasSize(8);
        HashedWords later = new HashedWords();
        try (CachedEncoder cached = cached(folder, later, limit)) {
            embed(cached, texts(460, 500));
            assertThat(later.encoded()).isZero();
            embed(cached, texts(0, 8));
            assertThat(later.encoded()).isEqualTo(8);
        }
    }

    @Test
    void neverGivesAWrongVectorHoweverItsFilesAreDamaged() throws Exception {
        Seed.run(random -> {
            for (int round = 0; round < 40; round++) {
                HashedWords encoder = new HashedWords();
                try (CachedEncoder one = cached(encoder);
                        CachedEncoder other = cached(encoder)) {
                    for (int call = 0; call < 6; call++) {
                        int from = random.nextInt(200);
                        embed(random.nextBoolean() ? one : other, texts(from, from + 1 + random.nextInt(40)));
                        if (random.nextInt(4) == 0) {
                            damage(random);
                        }
                    }
                }
                damage(random);
            }
        });
    }

    private void damage(Random random) throws IOException {
        List<Path> all = files(".vectors");
        if (all.isEmpty()) {
            return;
        }
        Path file = all.get(random.nextInt(all.size()));
        long length = Files.size(file);
        if (length == 0) {
            return;
        }
        switch (random.nextInt(5)) {
            case 0, 1 -> {
                try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
                    for (int i = 0; i < 1 + random.nextInt(20); i++) {
                        long at = random.nextLong(length);
                        opened.seek(at);
                        int old = opened.read();
                        opened.seek(at);
                        opened.write(old ^ 1 << random.nextInt(8));
                    }
                }
            }
            case 2 -> {
                try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
                    opened.setLength(random.nextLong(length));
                }
            }
            case 3 -> {
                try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
                    byte[] garbage = new byte[1 + random.nextInt(1000)];
                    random.nextBytes(garbage);
                    opened.seek(length);
                    opened.write(garbage);
                }
            }
            default -> Files.delete(file);
        }
    }

    @Test
    void countsDamagedRecordsAndReplacesThem() throws IOException {
        try (CachedEncoder cached = cached(new HashedWords())) {
            embed(cached, texts(0, 10));
        }
        Path file = files(".vectors").getFirst();
        int record = VectorFile.recordBytes(64);
        assertThat(Files.size(file)).isEqualTo(10L * record);
        byte[] bytes = Files.readAllBytes(file);
        bytes[3 * record + 40] ^= 1;
        bytes[4 * record + record - 1] ^= 1;
        Files.write(file, bytes);
        HashedWords encoder = new HashedWords();
        try (CachedEncoder cached = cached(encoder)) {
            embed(cached, texts(0, 10));
            assertThat(cached.statistics()).isEqualTo(new EmbeddingCache.Statistics(8, 2, 2));
            embed(cached, texts(0, 10));
        }
        try (CachedEncoder cached = cached(encoder)) {
            embed(cached, texts(0, 10));
        }
        assertThat(encoder.encoded()).isEqualTo(2);
    }

    @Test
    void aRecordThatWasCutOffIsWrittenOver() throws IOException {
        try (CachedEncoder cached = cached(new HashedWords())) {
            embed(cached, texts(0, 10));
        }
        Path file = files(".vectors").getFirst();
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.setLength(opened.length() - 5);
        }
        HashedWords encoder = new HashedWords();
        for (int i = 0; i < 2; i++) {
            try (CachedEncoder cached = cached(encoder)) {
                embed(cached, texts(0, 10));
            }
        }
        assertThat(encoder.encoded()).isEqualTo(1);
        assertThat(Files.size(file)).isEqualTo(10L * VectorFile.recordBytes(64));
    }

    @Test
    void costsTimeOnlyWhereItCannotBeKept() throws IOException {
        Path occupied = Files.writeString(folder.resolve("file"), "no folder");
        HashedWords encoder = new HashedWords();
        try (CachedEncoder cached = cached(occupied, encoder, LIMIT)) {
            embed(cached, texts(0, 5));
            embed(cached, texts(0, 5));
            assertThat(cached.statistics()).isEqualTo(new EmbeddingCache.Statistics(0, 10, 0));
        }
        assertThat(encoder.encoded()).isEqualTo(10);
        assertThat(occupied).hasContent("no folder");
    }

    /// Processes that are killed while they add, two at a time, leave nothing that could be taken for what it is not.
    @Test
    void outlivesKilledProcesses() throws Exception {
        Seed.run(random -> {
            for (int round = 0; round < 3; round++) {
                List<Process> processes = new ArrayList<>();
                for (int i = 0; i < 2; i++) {
                    processes.add(AddingProcess.start(folder, random.nextInt(1000)));
                }
                for (Process process : processes) {
                    assertThat(process.inputReader().readLine()).isEqualTo("adding");
                }
                TimeUnit.MILLISECONDS.sleep(random.nextInt(200));
                for (Process process : processes) {
                    process.destroyForcibly().waitFor();
                }
                HashedWords encoder = new HashedWords();
                try (CachedEncoder cached = cached(encoder)) {
                    embed(cached, texts(0, 2000));
                    assertThat(cached.statistics().hits()).isPositive();
                    assertThat(cached.statistics().damaged()).isZero();
                }
            }
        });
    }
}
