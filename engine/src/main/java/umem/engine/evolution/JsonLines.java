package umem.engine.evolution;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A file of JSON lines that only grows. A line is on disk when [#append] returns, whole or not at all: one that was
/// cut off by a kill is dropped when the file is opened again. One thread at a time.
final class JsonLines implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int CHUNK = 1 << 16;

    private final Path file;
    private final FileChannel channel;
    private long end;

    private JsonLines(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /// Opens a file for appending, creating it, and reads what it holds.
    ///
    /// @param each receives every line's value in order
    /// @throws UmemException of kind STORAGE if the file cannot be read or a line in the middle is damaged
    static <T> JsonLines open(Path file, Class<T> type, Consumer<T> each) {
        FileChannel channel = null;
        try {
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            JsonLines lines = new JsonLines(file, channel);
            lines.read(type, each);
            channel.truncate(lines.end);
            channel.position(lines.end);
            return lines;
        } catch (IOException e) {
            closeQuietly(channel);
            throw new UmemException(ErrorKind.STORAGE, file + " cannot be opened: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            closeQuietly(channel);
            throw e;
        }
    }

    private static void closeQuietly(@org.jspecify.annotations.Nullable FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            // The first failure is the one to tell.
        }
    }

    private <T> void read(Class<T> type, Consumer<T> each) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        java.io.ByteArrayOutputStream line = new java.io.ByteArrayOutputStream();
        long number = 1;
        while (channel.read(chunk) >= 0) {
            chunk.flip();
            while (chunk.hasRemaining()) {
                byte b = chunk.get();
                if (b != '\n') {
                    line.write(b);
                    continue;
                }
                T value;
                try {
                    value = JSON.readValue(line.toByteArray(), type);
                } catch (JacksonException e) {
                    throw new UmemException(
                            ErrorKind.STORAGE,
                            file + " line " + number + " is damaged: " + e.getOriginalMessage()
                                    + "; begin a new run in another folder",
                            e);
                }
                each.accept(value);
                end += line.size() + 1;
                line.reset();
                number++;
            }
            chunk.clear();
        }
    }

    /// Appends a value and waits until it is on disk.
    ///
    /// @throws UmemException of kind STORAGE if it could not be written; the file is then as it was before
    void append(Object value) {
        byte[] bytes = (JSON.writeValueAsString(value) + "\n").getBytes(StandardCharsets.UTF_8);
        try {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(false);
            end += bytes.length;
        } catch (IOException e) {
            try {
                channel.truncate(end);
            } catch (IOException again) {
                e.addSuppressed(again);
            }
            throw new UmemException(
                    ErrorKind.STORAGE,
                    file + " cannot be written: " + e.getMessage() + "; make room and run the same command again",
                    e);
        }
    }

    /// Drops all lines.
    void clear() {
        try {
            channel.truncate(0);
            end = 0;
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, file + " cannot be written: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, file + " cannot be closed: " + e.getMessage(), e);
        }
    }
}
