package umem.bindings.faiss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.error.ErrorKind;
import umem.error.UmemException;

class FaissFileTest {
    private static final int ROWS = 40;
    private static final int DIMENSION = 6;

    @TempDir
    Path folder;

    private FaissLibrary library;
    private Path file;

    @BeforeEach
    void save() {
        library = Faiss.library();
        file = folder.resolve("Übung index.faiss");
        try (FaissIndex index = FaissIndex.flat(library, DIMENSION)) {
            index.add(Faiss.rows(new Random(8), ROWS, DIMENSION), Faiss.ids(100, ROWS));
            index.save(file);
        }
    }

    @Test
    void aSavedIndexComesBack() throws IOException {
        float[] rows = Faiss.rows(new Random(8), ROWS, DIMENSION);
        try (FaissIndex index = FaissIndex.load(library, file)) {
            assertThat(index.size()).isEqualTo(ROWS);
            assertThat(index.dimension()).isEqualTo(DIMENSION);
            assertThat(index.reconstruct(107)).isEqualTo(Arrays.copyOfRange(rows, 7 * DIMENSION, 8 * DIMENSION));
            index.add(new float[DIMENSION], new long[] {1});
            index.save(file);
        }
        try (FaissIndex index = FaissIndex.load(library, file)) {
            assertThat(index.size()).isEqualTo(ROWS + 1);
        }
        try (var left = Files.list(folder)) {
            assertThat(left).containsExactly(file);
        }
    }

    @Test
    void anEmptyIndexComesBack() {
        Path empty = folder.resolve("empty");
        try (FaissIndex index = FaissIndex.flat(library, 3)) {
            index.save(empty);
        }
        try (FaissIndex index = FaissIndex.load(library, empty)) {
            assertThat(index.size()).isZero();
        }
    }

    @Test
    void everyCutIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length += 1 + length / 20) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertUnsound();
        }
        Files.write(file, Arrays.copyOf(whole, whole.length + 1));
        assertUnsound();
    }

    @Test
    void everyDamagedByteIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        for (int place = 0; place < whole.length; place++) {
            byte[] damaged = whole.clone();
            damaged[place] ^= 64;
            Files.write(file, damaged);
            assertUnsound();
        }
    }

    @Test
    void aFileOfFaissItselfIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length - 24));
        assertUnsound();
    }

    private void assertUnsound() {
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> FaissIndex.load(library, file).close())
                .withMessageContaining(file + " is no sound index file")
                .matches(e -> e.kind() == ErrorKind.STORAGE);
    }

    @Test
    void whatCannotBeReadOrWrittenIsSaid() {
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> FaissIndex.load(library, folder.resolve("nowhere")))
                .withMessageContaining("there is no index file")
                .matches(e -> e.kind() == ErrorKind.STORAGE);
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> FaissIndex.load(library, folder))
                .matches(e -> e.kind() == ErrorKind.STORAGE);
        try (FaissIndex index = FaissIndex.flat(library, 3)) {
            assertThatExceptionOfType(UmemException.class)
                    .isThrownBy(() -> index.save(folder.resolve("nowhere/index")))
                    .withMessageContaining("cannot save the index to")
                    .withMessageContaining("No such file or directory")
                    .matches(e -> e.kind() == ErrorKind.STORAGE);
        }
    }
}
