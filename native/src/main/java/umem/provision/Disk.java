package umem.provision;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// What the cache asks of the file system: room, durability, and names that appear only once their content is safe.
class Disk {
    /// Kept free on top of what a download needs, for the journal of the file system and for everybody else.
    private static final long MARGIN = 16L << 20;

    /// Bytes that may still be written to the file system of a folder.
    long usable(Path folder) throws IOException {
        return Files.getFileStore(folder).getUsableSpace();
    }

    /// Opens a file to append to.
    FileChannel append(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    }

    /// @throws UmemException of kind STORAGE when a folder has not this many bytes free
    void require(Path folder, long bytes, String what) throws IOException {
        long free = usable(folder);
        if (free < bytes + MARGIN) {
            throw new UmemException(
                    ErrorKind.STORAGE,
                    String.format(
                            Locale.ROOT,
                            "%s needs %s of disk, %s has %s free: make room there, or point UMEM_CACHE at another disk",
                            what,
                            ByteCount.format(bytes + MARGIN),
                            folder,
                            ByteCount.format(free)));
        }
    }

    /// A failure to write as the user should read it: a full disk is told apart, and so is an interrupt, which closes
    /// files.
    static UmemException storageFailure(String what, Path where, IOException e) {
        if (e instanceof ClosedByInterruptException || e instanceof FileLockInterruptionException) {
            return new UmemException(ErrorKind.INTERRUPTED, "interrupted while providing " + what, e);
        }
        String reason = String.valueOf(e.getMessage());
        boolean full = reason.contains("No space left") || reason.contains("Disk quota exceeded");
        return new UmemException(
                ErrorKind.STORAGE,
                full
                        ? "the disk is full: no room for " + what + " in " + where
                                + "; make room there, or point UMEM_CACHE at another disk, and start again"
                        : "cannot provide " + what + " in " + where + ": " + e,
                e);
    }

    /// Gives a finished file or folder its name: everything reaches the disk first, then one rename.
    void publish(Path temporary, Path name) throws IOException {
        Files.walkFileTree(temporary, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                sync(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                sync(folder);
                return FileVisitResult.CONTINUE;
            }
        });
        Path folder = Objects.requireNonNull(name.getParent());
        Files.createDirectories(folder);
        Files.move(temporary, name, StandardCopyOption.ATOMIC_MOVE);
        sync(folder);
    }

    private static void sync(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /// Deletes a file or a whole folder, if it is there.
    static void delete(Path path) throws IOException {
        if (!Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                // Gone already: a package client that outlived its killed parent tidies up after itself.
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
                Files.deleteIfExists(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /// Bytes of all files below a folder, as far as they can be read.
    static long sizeOf(Path folder) {
        long[] sum = {0};
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    sum[0] += attributes.size();
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            // A folder that changes while it is measured: what was counted so far is near enough for a progress line.
            return sum[0];
        }
        return sum[0];
    }
}
