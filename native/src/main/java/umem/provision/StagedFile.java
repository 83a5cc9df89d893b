package umem.provision;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.LongConsumer;

/// A file on its way into the cache. It only grows: a download that was cut off goes on from its length, whichever
/// source delivers the rest, because every source has the same bytes. The checksum of the whole decides in the end.
final class StagedFile {
    private final Path file;
    private final Disk disk;
    private final LongConsumer grown;

    /// @param grown hears the new length, at most a few times a MiB
    StagedFile(Path file, Disk disk, LongConsumer grown) {
        this.file = file;
        this.disk = disk;
        this.grown = grown;
    }

    Path path() {
        return file;
    }

    /// The folder that it grows in.
    Path folder() {
        return Objects.requireNonNull(file.getParent());
    }

    /// A folder beside the file for what package clients leave; it is emptied before each use.
    Path emptyFolder() throws IOException {
        Path folder = file.resolveSibling("client");
        Disk.delete(folder);
        return Files.createDirectories(folder);
    }

    long length() throws IOException {
        return Files.exists(file) ? Files.size(file) : 0;
    }

    void truncate(long length) throws IOException {
        if (length() > length) {
            try (FileChannel channel = FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
                channel.truncate(length);
            }
        }
    }

    /// Tells the listener how far it is, plus what a package client has fetched and not handed over yet.
    void report(long inFlight) throws IOException {
        grown.accept(length() + inFlight);
    }

    /// Appends everything that the stream has. A failure to read keeps what came before it.
    ///
    /// @throws ReadFailure when the stream breaks
    /// @throws IOException when the disk does not take the bytes
    void append(InputStream in) throws IOException, ReadFailure {
        byte[] buffer = new byte[1 << 18];
        long length = length();
        try (FileChannel out = disk.append(file)) {
            while (true) {
                int n;
                try {
                    n = in.read(buffer);
                } catch (IOException e) {
                    throw new ReadFailure(e);
                }
                if (n < 0) {
                    return;
                }
                ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n);
                while (bytes.hasRemaining()) {
                    out.write(bytes);
                }
                length += n;
                grown.accept(length);
            }
        }
    }

    /// Takes a finished file over in place of what was there.
    void replaceBy(Path finished) throws IOException {
        Files.move(finished, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        report(0);
    }

    /// The source broke off, not the disk.
    static final class ReadFailure extends Exception {
        private static final long serialVersionUID = 1L;

        ReadFailure(IOException cause) {
            super(cause);
        }

        @Override
        public synchronized IOException getCause() {
            return Objects.requireNonNull((IOException) super.getCause());
        }
    }
}
