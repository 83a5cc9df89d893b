package umem.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.testing.HashedWords;

class VectorCacheTest {
    @TempDir
    Path folder;

    private List<RetrievedMemory> expected = List.of();

    @BeforeEach
    void makeABankOfFortyKeys() {
        HashedWords encoder = new HashedWords();
        try (MemoryBank bank = MemoryBank.open(folder, encoder)) {
            for (int i = 0; i < 40; i++) {
                bank.apply(Actions.add("value"), List.of(), "key " + i, 0, Actions.from("t"));
            }
            expected = bank.retrieve(encoder.encode("key 7"), Retrieval.nearest(9));
        }
    }

    @Test
    void sparesTheEncoderEveryKnownKey() throws IOException {
        assertThat(embedsWhenOpened()).isZero();
        try (MemoryBank bank = MemoryBank.openWithoutEncoder(folder)) {
            bank.rollback(20);
            bank.rollback(40);
            bank.apply(Actions.add("value"), List.of(), "key 40", 0, Actions.from("t"));
        }
        assertThat(embedsWhenOpened()).isEqualTo(1);
        assertThat(embedsWhenOpened()).isZero();
        Files.delete(file());
        assertThat(embedsWhenOpened()).isEqualTo(41);
    }

    @Test
    void isNotBelievedWhenDamaged() throws IOException {
        byte[] whole = Files.readAllBytes(file());
        int record = whole.length / 40;
        assertThat(whole).hasSize(40 * (32 + 4 * 64 + 4));
        for (int at : new int[] {3, 40, record - 1, 20 * record + 100}) {
            byte[] bytes = whole.clone();
            bytes[at] ^= 1;
            Files.write(file(), bytes);
            assertThat(embedsWhenOpened()).isEqualTo(1);
            assertThat(embedsWhenOpened()).isZero();
        }
        Files.write(file(), Arrays.copyOf(whole, whole.length - 5));
        assertThat(embedsWhenOpened()).isEqualTo(1);
        assertThat(embedsWhenOpened()).isZero();
    }

    @Test
    void costsTimeOnlyWhereItCannotBeWritten() throws IOException {
        Path file = file();
        Files.delete(file);
        Files.createDirectory(file);
        assertThat(embedsWhenOpened()).isEqualTo(40);
        assertThat(embedsWhenOpened()).isEqualTo(40);
    }

    @Test
    void doesNotMixEncoders() throws IOException {
        HashedWords other = new HashedWords(32);
        MemoryBank.open(folder, other).close();
        assertThat(other.encoded()).isEqualTo(40);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.filter(path -> path.getFileName().toString().startsWith("vectors-")))
                    .hasSize(2);
        }
        assertThat(embedsWhenOpened()).isZero();
    }

    private long embedsWhenOpened() {
        HashedWords encoder = new HashedWords();
        try (MemoryBank bank = MemoryBank.open(folder, encoder)) {
            long embedded = encoder.encoded();
            assertThat(bank.retrieve(encoder.encode("key 7"), Retrieval.nearest(9)))
                    .isEqualTo(expected);
            return embedded;
        }
    }

    private Path file() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(path -> path.getFileName().toString().matches("vectors-[0-9a-f]{16}\\.bin"))
                    .findFirst()
                    .orElseThrow();
        }
    }
}
