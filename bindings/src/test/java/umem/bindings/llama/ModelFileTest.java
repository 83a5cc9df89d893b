package umem.bindings.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.Consumer;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Every file that is no model is refused with its path and the reason; none ends the process.
class ModelFileTest {
    @TempDir
    private Path folder;

    private static void refused(Path file, String reason) {
        refused(
                file,
                reason,
                path -> Model.load(SmolLm.library(), path, ModelOptions.cpu()).close());
    }

    private static void refused(Path file, String reason, Consumer<Path> load) {
        assertThatThrownBy(() -> load.accept(file))
                .asInstanceOf(InstanceOfAssertFactories.type(UmemException.class))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
                .satisfies(
                        e -> assertThat(e).hasMessageContaining(file.toString()).hasMessageContaining(reason));
    }

    private static long length() throws IOException {
        return Files.size(SmolLm.file());
    }

    private Path file() {
        return folder.resolve("model.gguf");
    }

    @Test
    void missing() {
        refused(file(), "does not exist");
    }

    @Test
    void folder() {
        refused(folder, "is not a file");
    }

    @Test
    void empty() throws IOException {
        refused(Files.createFile(file()), "is too short (0 bytes)");
    }

    @Test
    void garbage() throws IOException {
        byte[] bytes = new byte[100_000];
        new Random(1).nextBytes(bytes);
        refused(Files.write(file(), bytes), "the magic number is missing");
    }

    @Test
    void garbageAfterTheMagicNumber() throws IOException {
        byte[] bytes = new byte[100_000];
        for (int seed = 0; seed < 20; seed++) {
            new Random(seed).nextBytes(bytes);
            System.arraycopy(
                    new byte[] {'G', 'G', 'U', 'F', 3, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0},
                    0,
                    bytes,
                    0,
                    24);
            refused(Files.write(file(), bytes), "");
        }
    }

    @Test
    void cutInTheHeader() throws IOException {
        for (int length : new int[] {24, 25, 100, 250}) {
            refused(SmolLm.write(file(), SmolLm.header(), length), "is damaged: it claims 272 tensors");
        }
        for (int length : new int[] {300, 1000, 100_000, 1_000_000}) {
            refused(SmolLm.write(file(), SmolLm.header(), length), "is truncated");
        }
    }

    @Test
    void cutInTheTensors() throws IOException {
        refused(SmolLm.write(file(), SmolLm.header(), length() / 2), "is truncated");
        refused(SmolLm.write(file(), SmolLm.header(), length() - 64), "llama");
    }

    @Test
    void unknownArchitecture() throws IOException {
        ByteBuffer header = SmolLm.header();
        header.put(SmolLm.value(header, "general.architecture") + 8 + 1, (byte) 'x');
        refused(SmolLm.write(file(), header, length()), "architecture lxama");
    }

    @Test
    void absurdNumberOfLayers() throws IOException {
        ByteBuffer header = SmolLm.header();
        header.putInt(SmolLm.value(header, "llama.block_count"), 0x7fffffff);
        refused(SmolLm.write(file(), header, length()), "it claims 2147483647 layers");
    }

    @Test
    void aLayerTooMany() throws IOException {
        ByteBuffer header = SmolLm.header();
        int at = SmolLm.value(header, "llama.block_count");
        header.putInt(at, header.getInt(at) + 1);
        refused(SmolLm.write(file(), header, length()), "'blk.30.attn_norm.weight' not found");
    }

    @Test
    void absurdNumbersOfEntries() throws IOException {
        for (int at : new int[] {8, 16}) {
            for (long count : new long[] {-1, Long.MAX_VALUE, 1L << 40}) {
                ByteBuffer header = SmolLm.header();
                header.putLong(at, count);
                refused(SmolLm.write(file(), header, length()), "is damaged");
            }
        }
    }

    @Test
    void noHeads() throws IOException {
        ByteBuffer header = SmolLm.header();
        header.putInt(SmolLm.value(header, "llama.attention.head_count"), 0);
        refused(SmolLm.write(file(), header, length()), "llama");
    }

    @Test
    void vocabularyOnly() throws IOException {
        ByteBuffer header = SmolLm.header();
        int tensors = SmolLm.find(header, "token_embd.weight") - 8;
        tensors = Math.min(tensors, SmolLm.find(header, "blk.0.") - 8);
        header.putLong(8, 0);
        refused(SmolLm.write(file(), header, tensors), "llama");
    }

    @Test
    void adapterThatIsNone() throws IOException {
        try (Model model = SmolLm.load()) {
            Consumer<Path> load = path -> Adapter.load(model, path).close();
            refused(file(), "does not exist", load);
            refused(SmolLm.file(), "does not fit", load);
            refused(Files.write(file(), new byte[5000]), "magic number", load);
        } // closing checks that a failed load holds nothing
    }
}
