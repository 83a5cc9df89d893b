package umem.bindings.faiss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.error.ErrorKind;
import umem.error.UmemException;

class FaissLibraryTest {
    @TempDir
    Path folder;

    @Test
    void tellsWhatItIs() {
        FaissLibrary library = Faiss.library();
        assertThat(library.version()).matches("\\d+\\.\\d+\\.\\d+");
        assertThat(library.path()).isAbsolute().isRegularFile();
        assertThat(FaissLibrary.load(library.path())).isSameAs(library);
    }

    @Test
    void saysWhyAFileCannotBeLoaded() throws IOException {
        Path missing = folder.resolve("libmissing.so");
        assertRefused(missing, "is missing");
        Path text = Files.writeString(folder.resolve("libtext.so"), "not a library".repeat(100));
        assertRefused(text, "invalid ELF header");
        // The dynamic linker would end the process with SIGBUS over these.
        byte[] whole = Files.readAllBytes(Faiss.library().path());
        for (int length : new int[] {0, 63, 64, 500, 5000, whole.length / 2}) {
            Path cut = folder.resolve("libcut.so");
            Files.write(cut, java.util.Arrays.copyOf(whole, length));
            assertRefused(cut, "was cut off");
        }
        // For another processor: the linker's own reason.
        byte[] other = whole.clone();
        ByteBuffer.wrap(other).order(ByteOrder.LITTLE_ENDIAN).putShort(0x12, (short) 40);
        Path foreign = Files.write(folder.resolve("libforeign.so"), other);
        assertRefused(foreign, "cannot be loaded: " + foreign + ": ");
        // Any library that has none of the functions.
        assertRefused(Path.of(System.getProperty("java.home"), "lib", "libjimage.so"), "is not the C ABI over FAISS");
    }

    private static void assertRefused(Path library, String why) {
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> FaissLibrary.load(library))
                .withMessageContaining(library.toString())
                .withMessageContaining(why)
                .matches(e -> e.kind() == ErrorKind.NATIVE);
    }

    @Test
    void takesAThreadCountThatOpenMpCanStart() {
        FaissLibrary library = Faiss.library();
        for (int bad : new int[] {Integer.MIN_VALUE, -1, 0, FaissLibrary.MAX_THREADS + 1, Integer.MAX_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> library.setThreads(bad));
        }
        library.setThreads(1);
        library.setThreads(2);
    }

    @Test
    void aProcessEndsInPeaceWhileSearchesRun() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:ErrorFile=" + folder.resolve("hs_err.log"),
                        "-classpath",
                        System.getProperty("java.class.path"),
                        SearchAtExit.class.getName(),
                        Faiss.library().path().toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        assertThat(output).isEqualToIgnoringNewLines("searching");
    }
}
