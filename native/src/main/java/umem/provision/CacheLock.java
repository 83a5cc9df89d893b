package umem.provision;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// One piece of the cache, held by one thread of one process. The operating system lets go of it when the process ends,
/// however it ends. The lock file stays: deleting it would let two processes hold two different files of one name.
final class CacheLock implements AutoCloseable {
    private static final ConcurrentMap<Path, ReentrantLock> IN_THIS_PROCESS = new ConcurrentHashMap<>();

    private final ReentrantLock local;
    private final FileChannel channel;

    private CacheLock(ReentrantLock local, FileChannel channel) {
        this.local = local;
        this.channel = channel;
    }

    /// Waits until the lock is ours.
    ///
    /// @param onWait called once if it is not free at once
    /// @throws UmemException of kind INTERRUPTED when the thread is interrupted while it waits
    static CacheLock acquire(Path file, Runnable onWait) throws IOException {
        try {
            CacheLock lock = tryAcquire(file);
            if (lock != null) {
                return lock;
            }
            onWait.run();
            while (true) {
                TimeUnit.MILLISECONDS.sleep(50);
                lock = tryAcquire(file);
                if (lock != null) {
                    return lock;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UmemException(ErrorKind.INTERRUPTED, "interrupted while waiting for " + file, e);
        }
    }

    /// The lock if it is free now, else null.
    static @Nullable CacheLock tryAcquire(Path file) throws IOException {
        Path key = file.toAbsolutePath().normalize();
        ReentrantLock local = IN_THIS_PROCESS.computeIfAbsent(key, k -> new ReentrantLock());
        if (local.isHeldByCurrentThread()) {
            throw new IllegalStateException("the cache is asked for " + key + " by the code that provides it");
        }
        if (!local.tryLock()) {
            return null;
        }
        FileChannel channel = null;
        boolean held = false;
        try {
            Files.createDirectories(key.getParent());
            channel = FileChannel.open(key, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            held = lock != null;
            return held ? new CacheLock(local, channel) : null;
        } finally {
            if (!held) {
                if (channel != null) {
                    channel.close();
                }
                local.unlock();
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            local.unlock();
        }
    }
}
