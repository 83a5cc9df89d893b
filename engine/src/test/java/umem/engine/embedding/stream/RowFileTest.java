package umem.engine.embedding.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.embedding.Encoder;
import umem.engine.testing.HashedWords;
import umem.engine.testing.Seed;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// [EmbeddingStream] into a [RowFile]: order, formats, and going on after every kind of end.
class RowFileTest {
    private static final int TEXTS = 5000;

    @TempDir
    Path folder;

    private final HashedWords encoder = new HashedWords(8);
    private Path input = Path.of("");
    private Path target = Path.of("");
    private List<String> texts = List.of();
    private byte[] expected = new byte[0];

    @BeforeEach
    void writeTexts() throws IOException {
        Random random = new Random(1);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < TEXTS; i++) {
            lines.add(random.nextInt(50) == 0 ? "" : "word" + i + " more".repeat(random.nextInt(30)));
        }
        texts = lines;
        input = Files.write(folder.resolve("texts.txt"), lines);
        target = folder.resolve("rows.f32");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rows = arena.allocate(ValueLayout.JAVA_FLOAT, 8L * TEXTS);
            encoder.encode(lines, rows);
            expected = rows.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private EmbeddingStream.Result begin(int groups) {
        try (TextLines lines = TextLines.open(input);
                RowFile file = RowFile.create(target, encoder, lines)) {
            return run(lines, file, groups);
        }
    }

    private EmbeddingStream.Result resume(int groups) {
        try (TextLines lines = TextLines.open(input);
                RowFile file = RowFile.resume(target, encoder, lines)) {
            return run(lines, file, groups);
        }
    }

    private EmbeddingStream.Result run(TextLines lines, RowFile file, int groups) {
        AtomicInteger asked = new AtomicInteger();
        EmbeddingStream stream = new EmbeddingStream(encoder, () -> asked.incrementAndGet() > groups, done -> {});
        EmbeddingStream.Result result = stream.run(lines, file);
        if (result.complete()) {
            file.finish();
        }
        return result;
    }

    private List<String> left() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("rows"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void givesRowsInTheOrderOfTheTexts() throws IOException {
        assertThat(begin(Integer.MAX_VALUE)).isEqualTo(new EmbeddingStream.Result(TEXTS, true));
        assertThat(target).hasBinaryContent(expected);
        assertThat(left()).containsExactly("rows.f32");
    }

    @Test
    void groupsTextsOfLikeLength() {
        List<List<String>> groups = new ArrayList<>();
        Encoder recording = new Recording(encoder, groups);
        List<Long> progress = new ArrayList<>();
        List<String> out = new ArrayList<>();
        new EmbeddingStream(recording, () -> false, progress::add)
                .run(TextSource.of(texts), (window, rows) -> out.addAll(window));
        assertThat(out).isEqualTo(texts);
        assertThat(progress).isSorted().endsWith((long) TEXTS);
        assertThat(groups).allMatch(group -> group.size() <= 64).hasSizeLessThan(TEXTS / 32);
        // Within a window, each group begins where the last one ended.
        assertThat(groups)
                .allSatisfy(
                        group -> assertThat(group.stream().map(String::length)).isSorted());
        long narrow = groups.stream()
                .filter(group -> group.getLast().length() - group.getFirst().length() <= 40)
                .count();
        assertThat(narrow).isGreaterThan(groups.size() / 2);
    }

    @Test
    void resumedFilesAreTheSameBytes() throws Exception {
        Seed.run(random -> {
            for (String name : List.of("rows.f32", "rows.npy")) {
                target = folder.resolve(name);
                begin(Integer.MAX_VALUE);
                byte[] whole = Files.readAllBytes(target);
                Files.delete(target);
                begin(random.nextInt(40));
                int attempts = 1;
                while (!Files.exists(target)) {
                    assertThat(resume(random.nextInt(60)).rows()).isLessThanOrEqualTo(TEXTS);
                    assertThat(attempts++).isLessThan(1000);
                }
                assertThat(target).hasBinaryContent(whole);
                Files.delete(target);
                assertThat(left()).isEmpty();
            }
        });
    }

    @Test
    void whatIsBehindTheJournalIsWrittenAnew() throws IOException {
        begin(50);
        Path part = folder.resolve("rows.f32.part");
        byte[] written = Files.readAllBytes(part);
        assertThat(written.length % 32).isZero();
        byte[] torn = Arrays.copyOf(written, written.length + 77);
        Files.write(part, torn);
        Files.write(folder.resolve("rows.f32.progress.new"), new byte[] {'{'});
        assertThat(resume(Integer.MAX_VALUE).rows()).isEqualTo(TEXTS - written.length / 32);
        assertThat(target).hasBinaryContent(expected);
    }

    @Test
    void resumesAtABadLineOnceItIsMended() throws IOException {
        byte[] good = Files.readAllBytes(input);
        byte[] bad = good.clone();
        bad[good.length - 3] = (byte) 0xff;
        Files.write(input, bad);
        assertThatThrownBy(() -> begin(Integer.MAX_VALUE)).hasMessageContaining("line " + TEXTS + ": not UTF-8");
        assertThat(left()).containsExactly("rows.f32.part", "rows.f32.progress");
        Files.write(input, good);
        assertThat(resume(Integer.MAX_VALUE).rows()).isLessThan(TEXTS);
        assertThat(target).hasBinaryContent(expected);
    }

    @Test
    void refusesWhatWouldMixTwoFiles() throws IOException {
        begin(50);
        byte[] part = Files.readAllBytes(folder.resolve("rows.f32.part"));
        try (TextLines lines = TextLines.open(input)) {
            refused(() -> RowFile.resume(target, new HashedWords(16), lines), ErrorKind.INPUT, "another encoder");
        }
        byte[] good = Files.readAllBytes(input);
        byte[] changed = good.clone();
        changed[5] ^= 1;
        Files.write(input, changed);
        refused(() -> resume(0), ErrorKind.INPUT, "have changed since they were embedded");
        Files.write(input, good);

        Path progress = folder.resolve("rows.f32.progress");
        String journal = Files.readString(progress);
        for (String damaged :
                List.of("", "{}", "nonsense", journal.substring(0, 40), journal.replace("\"sha256\"", "\"sha\""))) {
            Files.writeString(progress, damaged);
            refused(() -> resume(0), ErrorKind.STORAGE, "is damaged; start anew, without --resume");
        }
        Files.writeString(progress, journal.replace("\"version\":1", "\"version\":2"));
        refused(() -> resume(0), ErrorKind.STORAGE, "is of version 2");
        for (long lines : new long[] {-1, 7}) {
            Files.writeString(progress, journal.replaceFirst("\"lines\":\\d+", "\"lines\":" + lines));
            refused(() -> resume(0), ErrorKind.INPUT, "have changed");
        }
        Files.writeString(progress, journal.replaceFirst("\"lines\":\\d+", "\"lines\":" + Long.MAX_VALUE));
        refused(() -> resume(0), ErrorKind.STORAGE, "shorter than it was");
        Files.writeString(progress, journal);

        assertThat(folder.resolve("rows.f32.part")).as("nothing was lost").hasBinaryContent(part);
        Files.write(folder.resolve("rows.f32.part"), Arrays.copyOf(part, part.length - 1));
        refused(() -> resume(0), ErrorKind.STORAGE, "shorter than it was");
        assertThat(begin(Integer.MAX_VALUE).rows()).as("without --resume").isEqualTo(TEXTS);
        assertThat(left()).containsExactly("rows.f32");
    }

    private static void refused(Runnable call, ErrorKind kind, String message) {
        assertThatThrownBy(call::run)
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(message);
    }

    @Test
    void leavesNothingOfNothingAndKeepsWhatIsThere() throws IOException {
        Files.writeString(target, "old");
        assertThat(begin(0)).isEqualTo(new EmbeddingStream.Result(0, false));
        assertThat(left()).containsExactly("rows.f32");
        assertThat(target).hasContent("old");
        begin(50);
        assertThat(target).hasContent("old");
        refused(() -> RowFile.create(folder, encoder, null), ErrorKind.USAGE, "is no file that could be replaced");
        refused(
                () -> RowFile.create(folder.resolve("none").resolve("rows"), encoder, null),
                ErrorKind.STORAGE,
                "embedding to");
    }

    @Test
    void isWrittenByOneAtATime() {
        try (RowFile held = RowFile.create(target, encoder, null)) {
            refused(() -> RowFile.create(target, encoder, null), ErrorKind.BUSY, "is being written by another");
            held.finish();
        }
        RowFile.create(target, encoder, null).close();
        assertThat(target).isEmptyFile();
    }

    @Test
    void numpyHeadersSayTheShape() throws IOException {
        target = folder.resolve("rows.npy");
        begin(Integer.MAX_VALUE);
        byte[] bytes = Files.readAllBytes(target);
        assertThat(bytes).hasSize(128 + expected.length);
        assertThat(Arrays.copyOfRange(bytes, 128, bytes.length)).isEqualTo(expected);
        assertThat(Arrays.copyOf(bytes, 10)).isEqualTo(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0});
        String dictionary = new String(bytes, 10, 118, StandardCharsets.US_ASCII);
        assertThat(dictionary.stripTrailing())
                .isEqualTo("{'descr': '<f4', 'fortran_order': False, 'shape': (5000, 8), }");
        assertThat(dictionary).endsWith(" \n");
        assertThat(RowFormat.NPY.header(Long.MAX_VALUE, Integer.MAX_VALUE)).hasSize(128);
    }

    @Test
    void goesOnAfterRealKills() throws Exception {
        Seed.run(random -> {
            int kills = 0;
            for (int attempt = 0; !Files.exists(target); attempt++) {
                assertThat(attempt).isLessThan(20);
                Process process = EmbeddingProcess.start(input, target);
                if (attempt < 2) {
                    assertThat(process.inputReader().readLine()).isEqualTo("embedding");
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(1500));
                    process.destroyForcibly();
                    kills++;
                }
                process.waitFor();
            }
            assertThat(kills).isPositive();
            assertThat(target).hasBinaryContent(expected);
            assertThat(left()).containsExactly("rows.f32");
        });
    }

    /// Notes what it is asked for.
    private record Recording(Encoder encoder, List<List<String>> groups) implements Encoder {
        @Override
        public String name() {
            return encoder.name();
        }

        @Override
        public String fingerprint() {
            return encoder.fingerprint();
        }

        @Override
        public int dimension() {
            return encoder.dimension();
        }

        @Override
        public void encode(List<String> texts, MemorySegment rows) {
            groups.add(List.copyOf(texts));
            encoder.encode(texts, rows);
        }

        @Override
        public void close() {}
    }
}
