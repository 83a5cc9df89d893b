package umem.provision;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The cache on disk.
///
/// ```
/// sha256/HASH/FILE...      an artifact: the file itself, or what was unpacked from the archive with this checksum
/// sha256/HASH/.checked     size, time of change and name of each file when its checksum was last found right
/// staging/KEY/             work in progress; safe to delete when nobody holds locks/KEY
/// locks/KEY                who works on what
/// KIND/KEY                 files made from others
/// ```
///
/// A name under `sha256` appears with one rename, after its content was checked and has reached the disk.
final class ContentStore {
    private static final String CHECKED = ".checked";
    private static final Duration ABANDONED = Duration.ofDays(7);

    private final Path root;
    private final Disk disk;
    private final Progress progress;

    ContentStore(Path root, Disk disk, Progress progress) {
        this.root = root.toAbsolutePath().normalize();
        this.disk = disk;
        this.progress = progress;
    }

    Path root() {
        return root;
    }

    Disk disk() {
        return disk;
    }

    Path folder(Artifact artifact) {
        return root.resolve("sha256").resolve(artifact.sha256());
    }

    /// The file of a plain artifact, the folder of an archive.
    Path path(Artifact artifact) {
        return artifact.isArchive() ? folder(artifact) : folder(artifact).resolve(artifact.file());
    }

    Path lockFile(String key) {
        return root.resolve("locks").resolve(key);
    }

    Path staging(String key) {
        return root.resolve("staging").resolve(key);
    }

    /// Where the artifact lies, if it is there and unchanged since its checksum was found right. A file that was
    /// touched since then (a cache that was copied, say) is read once more in full.
    Optional<Path> find(Artifact artifact) throws IOException {
        String seen = fingerprint(artifact);
        if (seen == null) {
            return Optional.empty();
        }
        Path marker = folder(artifact).resolve(CHECKED);
        if (Files.exists(marker) && Files.readString(marker).equals(seen)) {
            return Optional.of(path(artifact));
        }
        return verify(artifact).isEmpty() ? Optional.of(path(artifact)) : Optional.empty();
    }

    /// True when the files are there with the right sizes, whatever they hold.
    boolean looksPresent(Artifact artifact) {
        try {
            return fingerprint(artifact) != null;
        } catch (IOException e) {
            return false;
        }
    }

    /// Reads every file of the artifact and compares its checksum. What is found wrong counts as absent from then on,
    /// so that the next use fetches it again.
    ///
    /// @return one line for each file that is missing or damaged; empty when all is well
    List<String> verify(Artifact artifact) throws IOException {
        List<String> problems = new ArrayList<>();
        String before = fingerprint(artifact);
        long done = 0;
        for (Artifact.Content content : artifact.files()) {
            Path file = folder(artifact).resolve(content.file());
            if (!Files.isRegularFile(file)) {
                problems.add(file + ": missing");
                continue;
            }
            long base = done;
            String sum = Checksum.of(
                    file,
                    n -> progress.advance(artifact.name(), Progress.Stage.VERIFY, base + n, artifact.filesSize()));
            done += content.size();
            if (!sum.equals(content.sha256())) {
                problems.add(file + ": damaged (sha256 " + sum + ", not " + content.sha256() + ")");
            }
        }
        Path marker = folder(artifact).resolve(CHECKED);
        if (problems.isEmpty() && before != null) {
            mark(artifact, before);
        } else {
            Files.deleteIfExists(marker);
        }
        return problems;
    }

    /// Takes back a plain file that [#place] had checked when its process was ended: bringing gigabytes to the disk
    /// takes a while.
    void recover(Artifact artifact, StagedFile staged) throws IOException {
        Path checked = fresh(staged).resolve(artifact.file());
        if (!artifact.isArchive() && staged.length() == 0 && Files.exists(checked)) {
            staged.replaceBy(checked);
        }
    }

    /// Where a finished artifact waits for its place.
    private static Path fresh(StagedFile staged) {
        return staged.path().resolveSibling("fresh");
    }

    /// Checks a finished download and gives it its place. The caller holds the artifact's lock.
    ///
    /// @throws SourceUnavailable when the bytes are not the ones that the lock file names; nothing is kept then
    Path place(Artifact artifact, StagedFile staged) throws IOException, SourceUnavailable {
        long length = staged.length();
        String sum = length == artifact.size()
                ? Checksum.of(
                        staged.path(),
                        n -> progress.advance(artifact.name(), Progress.Stage.VERIFY, n, artifact.size()))
                : "";
        if (!sum.equals(artifact.sha256())) {
            Disk.delete(staged.path());
            throw new SourceUnavailable(
                    length == artifact.size()
                            ? "checksum mismatch: sha256 " + sum + ", not " + artifact.sha256()
                            : "has " + length + " bytes, not " + artifact.size());
        }
        Path fresh = fresh(staged);
        Disk.delete(fresh);
        Files.createDirectories(fresh);
        if (artifact.isArchive()) {
            progress.advance(artifact.name(), Progress.Stage.UNPACK, 0, -1);
            disk.require(fresh, artifact.filesSize(), "unpacking " + artifact.name());
            unpack(artifact, staged.path(), fresh);
        } else {
            Files.move(staged.path(), fresh.resolve(artifact.file()));
        }
        Disk.delete(folder(artifact));
        disk.publish(fresh, folder(artifact));
        mark(artifact, String.valueOf(fingerprint(artifact)));
        return path(artifact);
    }

    /// Deletes work in progress that nobody has touched for a week.
    void sweep() throws IOException {
        Path all = root.resolve("staging");
        if (!Files.isDirectory(all)) {
            return;
        }
        List<Path> folders;
        try (Stream<Path> list = Files.list(all)) {
            folders = list.toList();
        }
        for (Path folder : folders) {
            long age = System.currentTimeMillis()
                    - Files.getLastModifiedTime(folder).toMillis();
            if (age < ABANDONED.toMillis()) {
                continue;
            }
            CacheLock lock = CacheLock.tryAcquire(lockFile(folder.getFileName().toString()));
            if (lock != null) {
                try (lock) {
                    Disk.delete(folder);
                }
            }
        }
    }

    private void mark(Artifact artifact, String fingerprint) throws IOException {
        Path marker = folder(artifact).resolve(CHECKED);
        // Another process may write the same marker at this moment; each renames a whole file of its own.
        Path temporary = Files.createTempFile(folder(artifact), CHECKED, null);
        Files.writeString(temporary, fingerprint);
        Files.move(temporary, marker, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }

    /// Sizes, times of change and names of the files; null when one is missing or has another size.
    private @Nullable String fingerprint(Artifact artifact) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (Artifact.Content content : artifact.files()) {
            Path file = folder(artifact).resolve(content.file());
            if (!Files.isRegularFile(file) || Files.size(file) != content.size()) {
                return null;
            }
            lines.append(content.size())
                    .append(' ')
                    .append(Files.getLastModifiedTime(file).toMillis())
                    .append(' ')
                    .append(content.file())
                    .append('\n');
        }
        return lines.toString();
    }

    private static void unpack(Artifact artifact, Path archive, Path into) throws IOException {
        if (artifact.file().endsWith(".whl") || artifact.file().endsWith(".jar")) {
            unzip(artifact, archive, into);
        } else {
            untar(artifact, archive, into);
        }
        for (Artifact.Content content : artifact.contents()) {
            String sum = Checksum.of(into.resolve(content.file()), n -> {});
            if (!sum.equals(content.sha256())) {
                throw lockFault(
                        artifact, "entry " + content.entry() + " is not what the lock file says (sha256 " + sum + ")");
            }
        }
    }

    private static UmemException lockFault(Artifact artifact, String what) {
        return new UmemException(
                ErrorKind.INTERNAL, artifact.name() + ": the archive has the right checksum, but " + what);
    }

    private static void unzip(Artifact artifact, Path archive, Path into) throws IOException {
        try (ZipFile zip = new ZipFile(archive.toFile(), StandardCharsets.UTF_8)) {
            for (Artifact.Content content : artifact.contents()) {
                ZipEntry entry = zip.getEntry(content.entry());
                if (entry == null) {
                    throw lockFault(artifact, "it has no entry " + content.entry());
                }
                try (InputStream in = zip.getInputStream(entry)) {
                    Files.copy(in, into.resolve(content.file()));
                }
            }
        }
    }

    private static void untar(Artifact artifact, Path archive, Path into) throws IOException {
        Path raw = Files.createDirectories(into.resolveSibling("raw"));
        List<String> words = new ArrayList<>(
                List.of("tar", "--extract", "--gzip", "--no-same-owner", "--file", archive.toString(), "--directory"));
        words.add(raw.toString());
        artifact.contents().forEach(c -> words.add(c.entry()));
        Command.Outcome outcome = new Command(words).run(into);
        if (!outcome.succeeded()) {
            Optional<String> absent = outcome.lines().stream()
                    .filter(line -> line.contains("Not found in archive"))
                    .findFirst();
            if (absent.isPresent()) {
                throw lockFault(artifact, absent.get());
            }
            throw new IOException("tar: " + outcome.reason());
        }
        for (Artifact.Content content : artifact.contents()) {
            Files.move(raw.resolve(content.entry()), into.resolve(content.file()));
        }
        Disk.delete(raw);
    }
}
