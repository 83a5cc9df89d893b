package umem.engine.embedding.cache;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The right to append to one file, held by one object of one process: a lock of the operating system, which ends with
/// the process, on a file of its own.
final class SegmentLock implements AutoCloseable {
    /// Closing any channel to a file drops the locks of the whole process on it, so no second one is ever opened.
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private SegmentLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /// Takes a lock if it is free.
    ///
    /// @param file its file, in a folder without symbolic links in its path; created where missing
    /// @return null if somebody else holds it
    static @Nullable SegmentLock tryAcquire(Path file) throws IOException {
        if (!HELD_HERE.add(file)) {
            return null;
        }
        FileChannel channel = null;
        boolean held = false;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            held = lock != null;
            return held ? new SegmentLock(file, channel) : null;
        } finally {
            if (!held) {
                try {
                    if (channel != null) {
                        channel.close();
                    }
                } finally {
                    HELD_HERE.remove(file);
                }
            }
        }
    }

    /// Takes the lock's file away, for a segment that is gone for good. Whoever has it open already finds no segment.
    void delete() throws IOException {
        Files.deleteIfExists(file);
    }

    /// Lets go. Idempotent.
    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            try {
                channel.close();
            } finally {
                HELD_HERE.remove(file);
            }
        }
    }
}
