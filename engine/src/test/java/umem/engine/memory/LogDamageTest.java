package umem.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.search.IndexKind;
import umem.engine.testing.HashedWords;
import umem.engine.testing.Seed;
import umem.error.ErrorKind;
import umem.error.UmemException;

class LogDamageTest {
    private static final Provenance PROVENANCE = new Provenance("t", "", "", "", 0, Instant.EPOCH);

    private final HashedWords encoder = new HashedWords();

    @TempDir
    Path folder;

    private Path log = Path.of("");
    private byte[] whole = {};
    private List<MemoryEntry> entries = List.of();

    @BeforeEach
    void makeABankOfFourEvents() throws IOException {
        log = folder.resolve("events.jsonl");
        try (MemoryBank bank = MemoryBank.openWithoutEncoder(folder)) {
            for (int i = 1; i <= 4; i++) {
                bank.apply(Actions.add("value " + i), List.of(), "key " + i, 0, PROVENANCE);
            }
            entries = bank.entries();
        }
        whole = Files.readAllBytes(log);
    }

    @Test
    void aLineTornAtAnyByteIsCutOffAndNothingElse() throws IOException {
        int start = lineStart(5);
        for (int length = start; length <= whole.length; length++) {
            Files.write(log, Arrays.copyOf(whole, length));
            // A line that lacks nothing but its line feed is whole.
            int kept = length >= whole.length - 1 ? 4 : 3;
            BankLog read = BankLog.read(folder);
            assertThat(read.entries()).isEqualTo(entries.subList(0, kept));
            assertThat(read.damagedLine()).isZero();
            if (kept == 4 || length == start) {
                assertThat(read.problems()).isEmpty();
            } else {
                assertThat(read.problems().getFirst())
                        .contains("line 5 is torn: its write ended after " + (length - start) + " bytes");
            }
            try (MemoryBank bank = MemoryBank.openWithoutEncoder(folder)) {
                assertThat(bank.entries()).isEqualTo(entries.subList(0, kept));
                if (length % 16 == 0 || length >= whole.length - 2) {
                    bank.apply(Actions.add("next"), List.of(), "next", 0, PROVENANCE);
                }
            }
            BankLog mended = BankLog.read(folder);
            assertThat(mended.problems()).isEmpty();
            assertThat(mended.entries()).startsWith(entries.subList(0, kept).toArray(MemoryEntry[]::new));
        }
    }

    @Test
    void aFlippedBitIsNeverTakenForWhatWasWritten() throws Exception {
        Seed.run(random -> {
            for (int i = 0; i < 300; i++) {
                // Every byte of the last line among them, since it must not pass for torn.
                int at = i < 100 ? whole.length - 1 - i : random.nextInt(whole.length);
                byte[] bytes = whole.clone();
                bytes[at] ^= (byte) (1 << random.nextInt(8));
                Files.write(log, bytes);
                int line = line(at);
                assertStorage(
                        () -> MemoryBank.openWithoutEncoder(folder),
                        "bank " + folder + ": events.jsonl line " + line + " is damaged");
                assertThat(Files.readAllBytes(log)).isEqualTo(bytes);
                BankLog read = BankLog.read(folder);
                assertThat(read.damagedLine()).isEqualTo(line);
                assertThat(read.ok()).isFalse();
                assertThat(read.entries()).isEqualTo(entries.subList(0, Math.max(0, line - 2)));
            }
        });
    }

    @Test
    void aLineThatIsMissingOrRepeatedIsDamage() throws IOException {
        List<String> lines = Files.readAllLines(log);
        List<String> missing = new ArrayList<>(lines);
        missing.remove(2);
        Files.write(log, missing);
        assertStorage(
                () -> MemoryBank.openWithoutEncoder(folder),
                "line 3 is damaged: it holds event 3 where event 2 belongs");
        List<String> repeated = new ArrayList<>(lines);
        repeated.add(3, lines.get(2));
        Files.write(log, repeated);
        assertStorage(
                () -> MemoryBank.openWithoutEncoder(folder),
                "line 4 is damaged: it holds event 2 where event 3 belongs");
        Files.write(log, new byte[0]);
        assertStorage(
                () -> MemoryBank.openWithoutEncoder(folder),
                "line 1 is damaged: it is missing; put a copy of the file back");
        Files.writeString(log, "my own notes\n");
        assertStorage(() -> BankRepair.rollback(folder, 0), "line 1 is damaged");
        assertThat(log).hasContent("my own notes\n");
    }

    @Test
    void anIntactLineThatMakesNoSenseIsDamage() throws IOException {
        for (BankEvent event : List.of(
                new BankEvent.Added(5, Instant.EPOCH, entries.getFirst()),
                new BankEvent.Updated(5, Instant.EPOCH, entries.getFirst()),
                new BankEvent.Used(5, Instant.EPOCH, List.of("m9")),
                new BankEvent.RolledBack(5, Instant.EPOCH, 5))) {
            Files.write(log, whole);
            Files.write(log, EventJson.write(event), java.nio.file.StandardOpenOption.APPEND);
            assertStorage(() -> MemoryBank.openWithoutEncoder(folder), "line 6 is damaged");
            assertThat(BankLog.read(folder).damagedLine()).isEqualTo(6);
            BankRepair.Outcome outcome = BankRepair.rollback(folder, 4);
            assertThat(outcome.sequence()).isEqualTo(4);
            assertThat(log).hasBinaryContent(whole);
        }
    }

    @Test
    void rollbackLeadsOutOfDamageAndKeepsTheDamagedLog() throws IOException {
        byte[] damaged = whole.clone();
        damaged[lineStart(4) + 20] ^= 1;
        Files.write(log, damaged);
        assertStorage(() -> MemoryBank.openWithoutEncoder(folder), "`umem bank rollback " + folder + " 2`");
        assertStorage(() -> BankRepair.rollback(folder, 3), "line 4 is damaged");
        assertThat(BankLog.read(folder).intactEvents()).isEqualTo(3);
        assertThat(log).hasBinaryContent(damaged);

        BankRepair.Outcome outcome = BankRepair.rollback(folder, 1);
        assertThat(outcome.entries()).isEqualTo(1);
        assertThat(outcome.sequence()).isEqualTo(3);
        assertThat(outcome.setAside())
                .hasValueSatisfying(copy -> assertThat(copy).hasBinaryContent(damaged));
        BankLog read = BankLog.read(folder);
        assertThat(read.ok()).isTrue();
        assertThat(read.entries()).isEqualTo(entries.subList(0, 1));
        BankRepair.rollback(folder, 2);
        assertThat(BankLog.read(folder).entries()).isEqualTo(entries.subList(0, 2));
    }

    @Test
    void aFullDiskCommitsNothingAndTheBankStaysUsable() throws IOException {
        long[] free = {0};
        AppendFile.Opener opener = path -> new FullDisk(AppendFile.of(path), free);
        try (MemoryBank bank = MemoryBank.open(folder, encoder, IndexKind.AUTO::open, opener)) {
            for (int space = 0; space < 200; space += 23) {
                free[0] = space;
                assertStorage(
                        () -> bank.apply(Actions.add("more"), List.of(), "more", 0, PROVENANCE),
                        "bank " + folder + ": nothing was committed: no space left");
                assertStorage(() -> bank.importEntries(entries), "no space left");
                assertStorage(() -> bank.rollback(1), "no space left");
                List<RetrievedMemory> found = bank.retrieve(encoder.encode("key 2"), Retrieval.nearest(9));
                assertThat(found).hasSize(4);
                free[0] = Math.min(space, 40);
                assertStorage(() -> bank.recordUse(found), "no space left");
                assertThat(bank.sequence()).isEqualTo(4);
                assertThat(bank.entries()).isEqualTo(entries);
                assertThat(log).hasBinaryContent(whole);
            }
            free[0] = 10_000;
            bank.apply(Actions.add("more"), List.of(), "more", 0, PROVENANCE);
            assertThat(bank.sequence()).isEqualTo(5);
        }
        assertThat(BankLog.read(folder).entries()).hasSize(5);
    }

    @Test
    void aDiskThatFailsToSyncIsNotTrustedAgain() throws IOException {
        boolean[] failing = {false};
        AppendFile.Opener opener = path -> new UnsureDisk(AppendFile.of(path), failing);
        try (MemoryBank bank = MemoryBank.open(folder, encoder, IndexKind.AUTO::open, opener)) {
            failing[0] = true;
            assertStorage(
                    () -> bank.apply(Actions.add("a"), List.of(), "a", 0, PROVENANCE), "nothing was committed: sync");
            failing[0] = false;
            assertStorage(() -> bank.apply(Actions.add("a"), List.of(), "a", 0, PROVENANCE), "open the bank again");
            assertThat(bank.entries()).isEqualTo(entries);
            assertThat(bank.retrieve(encoder.encode("key 1"), Retrieval.nearest(1)))
                    .hasSize(1);
        }
        assertThat(log).hasBinaryContent(whole);
        MemoryBank.openWithoutEncoder(folder).close();
    }

    private int lineStart(int line) {
        int start = 0;
        for (int number = 1; number < line; number++) {
            while (whole[start] != '\n') {
                start++;
            }
            start++;
        }
        return start;
    }

    private int line(int offset) {
        return 1
                + (int) new String(whole, 0, offset, StandardCharsets.ISO_8859_1)
                        .chars()
                        .filter(c -> c == '\n')
                        .count();
    }

    private static void assertStorage(ThrowingCallable call, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.STORAGE))
                .hasMessageContaining(message);
    }

    /// Takes as many more bytes as there are free, as the write that hits the limit of a real disk does.
    private record FullDisk(AppendFile file, long[] free) implements AppendFile {
        @Override
        public void write(long offset, byte[] bytes) throws IOException {
            int fits = (int) Math.min(free[0], bytes.length);
            file.write(offset, Arrays.copyOf(bytes, fits));
            free[0] -= fits;
            if (fits < bytes.length) {
                throw new IOException("no space left");
            }
        }

        @Override
        public void truncate(long length) throws IOException {
            file.truncate(length);
        }

        @Override
        public void sync() throws IOException {
            file.sync();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    /// Writes, but may fail to confirm.
    private record UnsureDisk(AppendFile file, boolean[] failing) implements AppendFile {
        @Override
        public void write(long offset, byte[] bytes) throws IOException {
            file.write(offset, bytes);
        }

        @Override
        public void truncate(long length) throws IOException {
            file.truncate(length);
        }

        @Override
        public void sync() throws IOException {
            if (failing[0]) {
                throw new IOException("sync failed");
            }
            file.sync();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
