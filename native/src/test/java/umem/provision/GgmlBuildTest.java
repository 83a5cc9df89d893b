package umem.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.error.ErrorKind;
import umem.error.UmemException;

class GgmlBuildTest {
    @TempDir
    Path folder;

    private Path cache;
    private Provision provision;

    @BeforeEach
    void serve() throws IOException {
        cache = folder.resolve("cache");
        ServedPackages packages = new ServedPackages(folder.resolve("registry"));
        provision = Samples.provision(
                cache,
                packages,
                artifact(packages, "llama-cpu", "libggml-base.so"),
                artifact(packages, "llama-source", "gitRelease.bundle"));
    }

    private static Artifact artifact(ServedPackages packages, String name, String file) throws IOException {
        byte[] content = Samples.bytes(name.length(), 100);
        byte[] zip = Samples.zip(Map.of(file, content));
        packages.put(name, zip);
        return new Artifact(
                name,
                "1",
                "libraries",
                "MIT",
                name + ".whl",
                zip.length,
                Samples.sha256(zip),
                List.of(new Source.Wheel(name, "1")),
                List.of(Samples.content(file, file, content)));
    }

    @Test
    void theFolderOfTheCpuHoldsTheBackendOnceItIsBuilt() throws IOException {
        Path prebuilt = provision.llama(Accelerator.CPU);
        assertThat(prebuilt.resolve("libggml-base.so")).exists();

        Path built = Files.createDirectories(cache.resolve("ggml"));
        Files.writeString(built.resolve("libggml-blas-0123456789abcdef-1.so"), "for other libraries");
        assertThat(provision.llama(Accelerator.CPU)).isEqualTo(prebuilt);

        Files.writeString(built.resolve(new GgmlBuild(provision).prefix() + "1.so"), "for these");
        Path both = provision.llama(Accelerator.CPU);
        assertThat(both.resolve("libggml-blas.so")).hasContent("for these");
        assertThat(both.resolve("libggml-base.so")).hasSameBinaryContentAs(prebuilt.resolve("libggml-base.so"));
        assertThat(provision.llama(Accelerator.AUTO)).isEqualTo(both);
    }

    @Test
    void aBuildThatFailsSaysWhyAndLeavesNothing() {
        SystemTools tools = SystemTools.ofThisMachine(true, Progress.silent());
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> new GgmlBuild(provision).build(tools, Progress.silent()))
                .withMessageStartingWith("cannot build the BLAS backend of ggml: ")
                .matches(e -> e.kind() == ErrorKind.SETUP);
        assertThat(cache.resolve("ggml"))
                .satisfiesAnyOf(
                        f -> assertThat(f).doesNotExist(), f -> assertThat(f).isEmptyDirectory());
        assertThat(cache.resolve("staging")).isEmptyDirectory();
    }
}
