package umem.engine.memory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The right to write to a bank's folder, held by one bank of one process. The operating system takes it back when the
/// process ends, however it ends; the file stays, since deleting it would let two processes hold two files of one name.
final class BankLock implements AutoCloseable {
    /// A second lock on a file by one process fails, but closing any channel to that file would drop the first, so it
    /// is not even opened.
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final Path folder;
    private final FileChannel channel;

    private BankLock(Path folder, FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    /// Takes the lock.
    ///
    /// @param folder an existing folder
    /// @throws UmemException of kind BUSY if another bank holds it, here or in another process
    static BankLock acquire(Path folder) throws IOException {
        Path real = folder.toRealPath();
        if (!HELD_HERE.add(real)) {
            throw new UmemException(
                    ErrorKind.BUSY,
                    "bank " + folder + " is open already in this process (pid "
                            + ProcessHandle.current().pid() + "); close it first");
        }
        FileChannel channel = null;
        boolean held = false;
        try {
            Path file = real.resolve(BankFiles.LOCK);
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new UmemException(
                        ErrorKind.BUSY,
                        "bank " + folder + " is in use by process " + owner(file)
                                + "; wait until it ends, or use another bank");
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
            held = true;
            return new BankLock(real, channel);
        } finally {
            if (!held) {
                if (channel != null) {
                    channel.close();
                }
                HELD_HERE.remove(real);
            }
        }
    }

    private static String owner(Path file) throws IOException {
        String pid = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        return pid.matches("\\d{1,10}") ? pid : "(just starting)";
    }

    /// Lets go. Idempotent.
    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            try {
                channel.close();
            } finally {
                HELD_HERE.remove(folder);
            }
        }
    }
}
