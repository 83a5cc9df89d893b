package umem.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.error.ErrorKind;
import umem.error.UmemException;

class ProvisionTest {
    @TempDir
    Path folder;

    private Path cache;
    private ServedPackages packages;
    private Provision provision;

    @BeforeEach
    void serve() throws IOException {
        cache = folder.resolve("cache");
        packages = new ServedPackages(folder.resolve("registry"));
        Samples.serve(packages);
        provision = Samples.provision(cache, packages, Samples.model(Samples.HUB_FILE, Samples.modelParts()));
    }

    @Test
    void aModelIsANameAFileOrAFileOfTheHub() throws IOException {
        Path named = provision.model(Samples.MODEL);
        assertThat(named).hasBinaryContent(Samples.model());
        assertThat(provision.model("hf:owner/models/small model.gguf")).isEqualTo(named);
        Path own = Files.write(folder.resolve("own.gguf"), new byte[3]);
        assertThat(provision.model(own.toString())).isEqualTo(own);
    }

    @Test
    void aReferenceThatMeansNothingIsExplained() {
        assertUnknown(
                "no-such-model",
                "no model \"no-such-model\": it is no file, nor one of small-model, nor hf:owner/repository/file");
        assertUnknown(folder.toString(), "is a folder");
        for (String bad : List.of(
                "hf:",
                "hf:owner",
                "hf:owner/repository",
                "hf:owner/repository/",
                "hf:owner/repository/../secret",
                "hf:owner/repository//file",
                "hf:owner/repository/folder/",
                "hf:owner/repository/.checked",
                "hf:owner/repository/folder/.checked",
                "hf:owner/repository/a?b")) {
            assertUnknown(bad, "\"" + bad + "\" is not of the form hf:owner/repository/file");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> provision.artifact("no-such-artifact"));
    }

    private void assertUnknown(String reference, String why) {
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> provision.model(reference))
                .withMessageContaining(why)
                .matches(e -> e.kind() == ErrorKind.MODEL);
    }

    @Test
    void readsReferencesToTheHub() {
        assertThat(HubReference.parse("hf:owner/repo.name-2/model.gguf"))
                .isEqualTo(new Source.Hub("owner/repo.name-2", "model.gguf"));
        assertThat(HubReference.parse("hf:owner/repo/a b/c+d/model-00001-of-00002.gguf"))
                .isEqualTo(new Source.Hub("owner/repo", "a b/c+d/model-00001-of-00002.gguf"));
    }

    @Test
    void aFileOfTheHubIsPinnedAtFirstUse() throws IOException {
        byte[] bytes = Samples.bytes(9, 40_000);
        String reference = "hf:someone/else/folder/file.gguf";
        try (LoopbackHub hub = new LoopbackHub(
                LoopbackHub.status(
                        302,
                        "Location: /blob",
                        "X-Linked-ETag: \"" + Samples.sha256(bytes) + "\"",
                        "X-Linked-Size: " + bytes.length),
                LoopbackHub.file(bytes))) {
            Provision online = Samples.provision(cache, packages, hub.address(), null, new Disk(), Progress.silent());
            assertThatExceptionOfType(UmemException.class)
                    .isThrownBy(() -> online.withOffline(true).model(reference))
                    .withMessageContaining("offline, and " + reference + " is not in " + cache)
                    .matches(e -> e.kind() == ErrorKind.SETUP);
            assertThat(online.model(reference)).hasBinaryContent(bytes).hasFileName("file.gguf");
            assertThat(online.withOffline(true).model(reference)).hasBinaryContent(bytes);
            assertThat(hub.requests()).hasSize(2);
            // Later the hub has other bytes under the name: the reference still means the ones of its first use.
            Disk.delete(cache.resolve("sha256"));
            try (LoopbackHub changed = new LoopbackHub(LoopbackHub.file(Samples.bytes(10, 40_000)))) {
                Provision later =
                        Samples.provision(cache, packages, changed.address(), null, new Disk(), Progress.silent());
                assertThatExceptionOfType(UmemException.class)
                        .isThrownBy(() -> later.model(reference))
                        .withMessageContaining("checksum mismatch")
                        .matches(e -> e.kind() == ErrorKind.SETUP);
            }
        }
        try (LoopbackHub hub = new LoopbackHub(LoopbackHub.status(404))) {
            assertThatExceptionOfType(UmemException.class)
                    .isThrownBy(
                            () -> Samples.provision(cache, packages, hub.address(), null, new Disk(), Progress.silent())
                                    .model("hf:someone/else/missing.gguf"))
                    .withMessageContaining("cannot fetch hf:someone/else/missing.gguf: HTTP 404")
                    .matches(e -> e.kind() == ErrorKind.SETUP);
        }
    }

    @Test
    void aDerivedFileIsMadeOnce() throws Exception {
        AtomicInteger made = new AtomicInteger();
        try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
            List<Future<Path>> paths = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                paths.add(threads.submit(() -> provision.derived("rows", "key-1", target -> {
                    made.incrementAndGet();
                    Files.writeString(target, "half, ");
                    pause();
                    Files.writeString(target, "whole", java.nio.file.StandardOpenOption.APPEND);
                })));
            }
            for (Future<Path> path : paths) {
                assertThat(path.get()).isEqualTo(cache.resolve("rows/key-1")).hasContent("half, whole");
            }
        }
        assertThat(made).hasValue(1);
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void aWriterThatFailsLeavesNothing() throws IOException {
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> provision.derived("rows", "key", target -> {
                    Files.writeString(target, "half");
                    throw new IOException("No space left on device");
                }))
                .withMessageContaining("the disk is full: no room for key")
                .matches(e -> e.kind() == ErrorKind.STORAGE);
        assertThatIllegalStateException()
                .isThrownBy(() -> provision.derived("rows", "key", target -> {
                    Files.createDirectory(target);
                    Files.writeString(target.resolve("file"), "half");
                    throw new IllegalStateException("no");
                }));
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> provision.derived("rows", "key", target -> {}))
                .matches(e -> e.kind() == ErrorKind.STORAGE);
        assertThat(cache.resolve("rows/key")).doesNotExist();
        assertThat(cache.resolve("staging")).isEmptyDirectory();
        assertThat(provision.derived("rows", "key", target -> {
                    Files.createDirectory(target);
                    Files.writeString(target.resolve("file"), "whole");
                }))
                .isDirectory();
        assertThat(cache.resolve("rows/key/file")).hasContent("whole");
    }

    @Test
    void aDerivedFileHasAPlainName() {
        for (String bad : List.of("", ".", "..", "../x", "a/b", ".hidden")) {
            assertThatIllegalArgumentException().isThrownBy(() -> provision.derived(bad, "key", target -> {}));
            assertThatIllegalArgumentException().isThrownBy(() -> provision.derived("rows", bad, target -> {}));
        }
        for (String reserved : List.of("sha256", "staging", "locks", "references")) {
            assertThatIllegalArgumentException().isThrownBy(() -> provision.derived(reserved, "key", target -> {}));
        }
    }

    @Test
    void theCacheIsWhereTheEnvironmentSays() {
        Path home = Path.of("/home/somebody");
        assertThat(Provision.cacheFolder(Map.of(), home)).isEqualTo(home.resolve(".cache/umem"));
        assertThat(Provision.cacheFolder(Map.of("XDG_CACHE_HOME", "/big"), home))
                .isEqualTo(Path.of("/big/umem"));
        assertThat(Provision.cacheFolder(Map.of("XDG_CACHE_HOME", "relative"), home))
                .isEqualTo(home.resolve(".cache/umem"));
        assertThat(Provision.cacheFolder(Map.of("UMEM_CACHE", "/own", "XDG_CACHE_HOME", "/big"), home))
                .isEqualTo(Path.of("/own"));
        assertThat(Provision.cacheFolder(Map.of("UMEM_CACHE", " "), home)).isEqualTo(home.resolve(".cache/umem"));
    }

    @Test
    void cudaWithoutADriverIsRefusedAndAutoTakesTheCpu() throws IOException {
        byte[] library = Samples.bytes(2, 100);
        byte[] zip = Samples.zip(Map.of("lib", library));
        packages.put("llama", zip);
        Artifact llama = new Artifact(
                "llama-cpu",
                "1",
                "libraries",
                "MIT",
                "llama.whl",
                zip.length,
                Samples.sha256(zip),
                List.of(new Source.Wheel("llama", "1")),
                List.of(Samples.content("lib", "lib", library)));
        Provision cpu = Samples.provision(cache, packages, llama);
        LlamaFolder folders = new LlamaFolder(cpu, new CudaMachine(false, false), Progress.silent());
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> folders.provide(Accelerator.CUDA))
                .withMessageContaining("no NVIDIA driver was found")
                .matches(e -> e.kind() == ErrorKind.SETUP);
        assertThat(folders.provide(Accelerator.AUTO)).isEqualTo(folders.provide(Accelerator.CPU));
    }
}
