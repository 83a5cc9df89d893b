package umem.provision;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaissBuildTest {
    @TempDir
    Path folder;

    @Test
    void knowsWhetherTheCpuHasAvx2() throws IOException {
        String all = "processor\t: 0\nflags\t\t: fpu sse2 fma popcnt f16c avx avx2 avx512f\nbugs\t\t: none\n";
        assertThat(FaissBuild.hasAvx2(cpu(all))).isTrue();
        for (String missing : new String[] {" avx2", " fma", " f16c", " popcnt"}) {
            assertThat(FaissBuild.hasAvx2(cpu(all.replace(missing + " ", " ")))).isFalse();
        }
        assertThat(FaissBuild.hasAvx2(cpu("processor\t: 0\nFeatures\t: fp asimd\n")))
                .isFalse();
        assertThat(FaissBuild.hasAvx2(folder.resolve("nowhere"))).isFalse();
    }

    private Path cpu(String text) throws IOException {
        return Files.writeString(folder.resolve("cpuinfo"), text);
    }
}
