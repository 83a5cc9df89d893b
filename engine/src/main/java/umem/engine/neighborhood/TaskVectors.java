package umem.engine.neighborhood;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import umem.engine.embedding.Encoder;
import umem.engine.task.Task;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The embeddings `e(q)` of tasks: one row of float32 for each, of unit length, off-heap. 100,000 rows of 384 values
/// are 154 MB.
///
/// Safe for all threads once made; not to be used after [#close()].
public final class TaskVectors implements AutoCloseable {
    /// Texts the encoder is given at a time; between groups the caller learns how far it is.
    private static final int GROUP = 64;

    /// How far the length of a row may be from 1: float32 rounding of the encoder is below 1e-6, rows that somebody
    /// kept in 16 bits and forgot to normalise again are below 1e-3.
    private static final double LENGTH_TOLERANCE = 1e-3;

    private final Arena arena = Arena.ofShared();
    private final int dimension;
    private final int rows;
    private final MemorySegment values;

    private TaskVectors(int dimension, int rows) {
        this.dimension = dimension;
        this.rows = rows;
        this.values = arena.allocate(4L * dimension * rows, 64);
    }

    /// Embeds the question of every task, each text once: equal texts get equal rows.
    ///
    /// @param progress is told the number of texts done, from time to time
    /// @throws UmemException of kind MODEL if the encoder gives anything but unit vectors
    public static TaskVectors encode(List<Task> tasks, Encoder encoder, IntConsumer progress) {
        TaskVectors vectors = new TaskVectors(encoder.dimension(), tasks.size());
        try (Arena group = Arena.ofConfined()) {
            Map<String, Integer> first = new LinkedHashMap<>();
            for (int row = 0; row < tasks.size(); row++) {
                first.putIfAbsent(tasks.get(row).question(), row);
            }
            long bytes = 4L * vectors.dimension;
            MemorySegment encoded = group.allocate(bytes * GROUP, 64);
            List<String> texts = List.copyOf(first.keySet());
            for (int from = 0; from < texts.size(); from += GROUP) {
                List<String> some = texts.subList(from, Math.min(from + GROUP, texts.size()));
                encoder.encode(some, encoded.asSlice(0, bytes * some.size()));
                for (int i = 0; i < some.size(); i++) {
                    int row = first.getOrDefault(some.get(i), -1);
                    MemorySegment.copy(encoded, bytes * i, vectors.values, bytes * row, bytes);
                }
                progress.accept(from + some.size());
            }
            for (int row = 0; row < tasks.size(); row++) {
                int source = first.getOrDefault(tasks.get(row).question(), row);
                MemorySegment.copy(vectors.values, bytes * source, vectors.values, bytes * row, bytes);
            }
            vectors.requireUnitLength(ErrorKind.MODEL, "encoder " + encoder.name());
            return vectors;
        } catch (RuntimeException | Error e) {
            vectors.close();
            throw e;
        }
    }

    /// Reads rows from a file of native-order float32 without a header, as `umem embed --output` writes it: one row for
    /// each task, in their order, of unit length. The dimension follows from the size.
    ///
    /// @param tasks the number of tasks, at least 1
    /// @throws UmemException of kind INPUT if the file is missing, its size is not that of `tasks` rows, or a row is
    ///     zero, not of unit length, or holds NaN or infinity; the message names the row
    public static TaskVectors read(Path file, int tasks) {
        if (!Files.isRegularFile(file)) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    "vectors file " + file + (Files.exists(file) ? " is not a file" : " does not exist"));
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size == 0 || size % (4L * tasks) != 0 || size / (4L * tasks) > Integer.MAX_VALUE) {
                throw new UmemException(
                        ErrorKind.INPUT,
                        "vectors file " + file + " has " + size + " bytes, which are not " + tasks
                                + " rows of float32, one for each task");
            }
            TaskVectors vectors = new TaskVectors((int) (size / (4L * tasks)), tasks);
            try {
                fill(channel, vectors.values, file);
                vectors.requireUnitLength(ErrorKind.INPUT, "vectors file " + file);
                return vectors;
            } catch (RuntimeException | IOException | Error e) {
                vectors.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UmemException(ErrorKind.INPUT, "vectors file " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static void fill(FileChannel channel, MemorySegment target, Path file) throws IOException {
        long done = 0;
        while (done < target.byteSize()) {
            ByteBuffer some = target.asSlice(done, Math.min(1 << 26, target.byteSize() - done))
                    .asByteBuffer();
            int read = channel.read(some);
            if (read < 0) {
                throw new UmemException(ErrorKind.INPUT, "vectors file " + file + " became shorter while it was read");
            }
            done += read;
        }
    }

    private void requireUnitLength(ErrorKind kind, String source) {
        for (int row = 0; row < rows; row++) {
            double length = Math.sqrt(dot(row, row));
            if (!(Math.abs(length - 1) <= LENGTH_TOLERANCE)) {
                String problem = Double.isFinite(length)
                        ? length == 0
                                ? "is zero"
                                : "has length " + (float) length + ", not 1; the rows are not normalised, or the"
                                        + " dimension is not " + dimension + ", so that they are not one for each task"
                        : "holds NaN or infinity";
                throw new UmemException(kind, source + ": row " + row + " (counting from 0) " + problem);
            }
        }
    }

    /// Values a row, at least 1.
    public int dimension() {
        return dimension;
    }

    /// Number of rows.
    public int rows() {
        return rows;
    }

    /// `count` consecutive rows, read-only.
    MemorySegment slice(int first, int count) {
        return values.asSlice(4L * dimension * first, 4L * dimension * count).asReadOnly();
    }

    /// A value, counted over all rows.
    float value(int row, int column) {
        return values.get(ValueLayout.JAVA_FLOAT, 4L * ((long) row * dimension + column));
    }

    /// The cosine of two rows, summed in float64 in ascending order, so that it is the same on every machine.
    double dot(int one, int other) {
        long a = 4L * dimension * one;
        long b = 4L * dimension * other;
        double sum = 0;
        for (long offset = 0; offset < 4L * dimension; offset += 4) {
            sum += (double) values.get(ValueLayout.JAVA_FLOAT, a + offset)
                    * values.get(ValueLayout.JAVA_FLOAT, b + offset);
        }
        return sum;
    }

    /// Frees the rows. Idempotent.
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
