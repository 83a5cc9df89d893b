package umem.engine.task;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.function.Function;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Writes a file of lines that is there whole or not at all.
public final class AtomicLines {
    private AtomicLines() {}

    /// Writes one line for each item, one at a time, and puts the file in its place when all is on disk. What is no
    /// regular file, such as a pipe, is written to as it is.
    ///
    /// @param what what the file holds, for the message
    /// @param line an item as a line of text without its line feed
    /// @throws UmemException of kind STORAGE if the file cannot be written; an older one is then as it was
    public static <T> void write(Path file, String what, Iterable<T> items, Function<T, String> line) {
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                try (OutputStream stream = new BufferedOutputStream(Files.newOutputStream(file))) {
                    write(items, line, stream);
                }
                return;
            }
            Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
            Path staged = target.resolveSibling(target.getFileName() + ".part");
            try {
                try (FileChannel channel = FileChannel.open(
                                staged,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.TRUNCATE_EXISTING,
                                StandardOpenOption.WRITE);
                        OutputStream stream = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
                    write(items, line, stream);
                    stream.flush();
                    channel.force(true);
                }
                Files.move(staged, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(staged);
            }
        } catch (IOException e) {
            throw new UmemException(
                    ErrorKind.STORAGE,
                    what + " cannot be written to " + file + ": " + e.getClass().getSimpleName() + ": " + e.getMessage()
                            + "; check folder, space and permissions",
                    e);
        }
    }

    private static <T> void write(Iterable<T> items, Function<T, String> line, OutputStream stream) throws IOException {
        for (T item : items) {
            stream.write(line.apply(item).getBytes(StandardCharsets.UTF_8));
            stream.write('\n');
        }
    }
}
