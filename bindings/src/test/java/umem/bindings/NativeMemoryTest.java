package umem.bindings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeMemoryTest {

    @Test
    void allocatesAlignedZerosThatGoWithTheArena() {
        for (long bytes : new long[] {1, 4096, (2 << 20) - 1, 5 << 20}) {
            MemorySegment block;
            try (Arena arena = Arena.ofShared()) {
                block = NativeMemory.allocate(bytes, arena);
                assertThat(block.byteSize()).isEqualTo(bytes);
                assertThat(block.address() % (2 << 20)).isZero();
                for (long i = 0; i < bytes; i += Math.max(1, bytes / 1000)) {
                    assertThat(block.get(ValueLayout.JAVA_BYTE, i)).isZero();
                }
                block.fill((byte) 1);
            }
            MemorySegment freed = block;
            assertThatIllegalStateException().isThrownBy(() -> freed.get(ValueLayout.JAVA_BYTE, 0));
        }
    }

    @Test
    void refusesMoreThanThereIs() {
        try (Arena arena = Arena.ofConfined()) {
            assertThatExceptionOfType(OutOfMemoryError.class)
                    .isThrownBy(() -> NativeMemory.allocate(1L << 50, arena))
                    .withMessageContaining("1073741824 MiB wanted");
        }
    }

    @Test
    void mapsAFileWithoutWritingToIt(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "0123456789");
        try (Arena arena = Arena.ofShared()) {
            MemorySegment mapped;
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                mapped = NativeMemory.map(channel, 3, 4, arena);
            }
            assertThat(mapped.toArray(ValueLayout.JAVA_BYTE)).isEqualTo("3456".getBytes(StandardCharsets.UTF_8));
            assertThat(mapped.getClass())
                    .isEqualTo(NativeMemory.allocate(1, arena).getClass());
            mapped.set(ValueLayout.JAVA_BYTE, 0, (byte) 'x');
            assertThat(Files.readString(file)).isEqualTo("0123456789");
        }
    }
}
