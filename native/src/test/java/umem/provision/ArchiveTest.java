package umem.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.error.ErrorKind;
import umem.error.UmemException;

class ArchiveTest {
    private static final byte[] LIBRARY = Samples.bytes(3, 5000);
    private static final byte[] NOTICE = "MIT".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private Path cache;
    private ServedPackages packages;

    @BeforeEach
    void serve() throws IOException {
        cache = folder.resolve("cache");
        packages = new ServedPackages(folder.resolve("registry"));
    }

    private Path provide(String file, byte[] archive, List<Artifact.Content> contents) throws IOException {
        packages.put("archive", archive);
        Source source = file.endsWith(".tgz") ? new Source.Npm("archive", "1") : new Source.Wheel("archive", "1");
        return Samples.provision(cache, packages, Samples.archive(file, archive, contents, source))
                .artifact("archive");
    }

    private byte[] tar(String... words) throws IOException {
        Path archive = folder.resolve("made.tgz");
        List<String> command =
                new java.util.ArrayList<>(List.of("tar", "--create", "--gzip", "--file", archive.toString()));
        command.addAll(List.of(words));
        Command.Outcome outcome = new Command(command).run(folder);
        assertThat(outcome.succeeded()).as(outcome.toString()).isTrue();
        return Files.readAllBytes(archive);
    }

    @Test
    void keepsOnlyWhatTheLockFileNames() throws IOException {
        Files.createDirectories(folder.resolve("package/lib"));
        Files.write(folder.resolve("package/lib/library.so"), LIBRARY);
        Files.write(folder.resolve("package/NOTICE"), NOTICE);
        Files.write(folder.resolve("package/junk"), NOTICE);
        List<Artifact.Content> contents = List.of(
                Samples.content("package/lib/library.so", "library.so", LIBRARY),
                Samples.content("package/NOTICE", "NOTICE", NOTICE));
        Path tar = provide("archive.tgz", tar("package"), contents);
        byte[] zip = Samples.zip(Map.of("package/lib/library.so", LIBRARY, "package/NOTICE", NOTICE, "junk", NOTICE));
        Path unzipped = provide("archive.whl", zip, contents);
        for (Path unpacked : List.of(tar, unzipped)) {
            assertThat(unpacked.resolve("library.so")).hasBinaryContent(LIBRARY);
            try (var files = Files.list(unpacked)) {
                assertThat(files.map(f -> f.getFileName().toString()))
                        .containsExactlyInAnyOrder("library.so", "NOTICE", ".checked");
            }
        }
        assertThat(cache.resolve("staging")).isEmptyDirectory();
    }

    @Test
    void refusesAnArchiveWithoutAnEntry() throws IOException {
        Files.write(folder.resolve("present"), LIBRARY);
        List<Artifact.Content> contents = List.of(Samples.content("absent", "absent", LIBRARY));
        assertUnprovided("archive.tgz", tar("present"), contents, "absent");
        assertUnprovided("archive.whl", Samples.zip(Map.of("present", LIBRARY)), contents, "has no entry absent");
    }

    @Test
    void refusesAnEntryThatIsNotWhatTheLockFileSays() throws IOException {
        List<Artifact.Content> contents = List.of(Samples.content("library", "library", NOTICE));
        assertUnprovided(
                "archive.whl", Samples.zip(Map.of("library", LIBRARY)), contents, "is not what the lock file says");
        // A link that leads out of the archive.
        Path outside = Files.write(folder.resolve("outside"), LIBRARY);
        Files.createSymbolicLink(folder.resolve("library"), outside);
        assertUnprovided("archive.tgz", tar("library"), contents, "is not what the lock file says");
    }

    @Test
    void neverWritesOutsideItsFolder() throws IOException {
        Path victim = Files.write(folder.resolve("victim"), NOTICE);
        byte[] zip = Samples.zip(Map.of("../../../victim", LIBRARY, "library", LIBRARY));
        provide("archive.whl", zip, List.of(Samples.content("library", "library", LIBRARY)));
        assertThat(victim).hasBinaryContent(NOTICE);
    }

    private void assertUnprovided(String file, byte[] archive, List<Artifact.Content> contents, String why) {
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> provide(file, archive, contents))
                .withMessageContaining(why)
                .matches(e -> e.kind() == ErrorKind.INTERNAL);
        assertThat(cache.resolve("sha256")).doesNotExist();
    }
}
