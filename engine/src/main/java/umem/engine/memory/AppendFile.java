package umem.engine.memory;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/// The end of a file, as the log needs it.
interface AppendFile extends AutoCloseable {
    /// Writes at an offset, which is the end of what counts.
    void write(long offset, byte[] bytes) throws IOException;

    /// Cuts the file.
    void truncate(long length) throws IOException;

    /// Returns once everything written is on the disk.
    void sync() throws IOException;

    @Override
    void close() throws IOException;

    /// Opens a file for appending.
    @FunctionalInterface
    interface Opener {
        AppendFile open(Path file) throws IOException;
    }

    /// A file of the operating system. Not a FileChannel: that closes itself when a thread is interrupted in it, and a
    /// user who interrupts must still be able to commit.
    static AppendFile of(Path path) throws IOException {
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
        return new AppendFile() {
            @Override
            public void write(long offset, byte[] bytes) throws IOException {
                file.seek(offset);
                file.write(bytes);
            }

            @Override
            public void truncate(long length) throws IOException {
                file.setLength(length);
            }

            @Override
            public void sync() throws IOException {
                file.getFD().sync();
            }

            @Override
            public void close() throws IOException {
                file.close();
            }
        };
    }
}
