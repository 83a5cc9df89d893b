package umem.engine.embedding.convert;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// Writes a GGUF file, version 3: metadata first, then where each tensor lies, then the tensors.
///
/// @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">the format</a>
final class GgufWriter {
    private static final int MAGIC = 0x46554747;
    private static final int VERSION = 3;
    private static final int ALIGNMENT = 32;

    // Types of metadata values.
    private static final int UINT32 = 4;
    private static final int INT32 = 5;
    private static final int FLOAT32 = 6;
    private static final int BOOL = 7;
    private static final int STRING = 8;
    private static final int ARRAY = 9;

    private final Bytes metadata = new Bytes();
    private final List<Entry> tensors = new ArrayList<>();
    private long entries;

    private record Entry(String name, boolean vector, TensorType type, Weights weights, long offset) {
        long bytes() {
            return (long) type.width() * weights.rows() * weights.columns();
        }
    }

    /// Adds an unsigned integer.
    GgufWriter put(String key, int value) {
        metadata.string(key).int32(UINT32).int32(value);
        entries++;
        return this;
    }

    GgufWriter put(String key, float value) {
        metadata.string(key).int32(FLOAT32).int32(Float.floatToRawIntBits(value));
        entries++;
        return this;
    }

    GgufWriter put(String key, boolean value) {
        metadata.string(key).int32(BOOL).int8(value ? 1 : 0);
        entries++;
        return this;
    }

    GgufWriter put(String key, String value) {
        metadata.string(key).int32(STRING).string(value);
        entries++;
        return this;
    }

    GgufWriter put(String key, List<String> values) {
        metadata.string(key).int32(ARRAY).int32(STRING).int64(values.size());
        values.forEach(metadata::string);
        entries++;
        return this;
    }

    GgufWriter put(String key, int[] values) {
        metadata.string(key).int32(ARRAY).int32(INT32).int64(values.length);
        for (int value : values) {
            metadata.int32(value);
        }
        entries++;
        return this;
    }

    /// Adds a tensor of one dimension, always float32.
    GgufWriter vector(String name, Weights weights) {
        return tensor(name, true, TensorType.F32, weights);
    }

    /// Adds a tensor of two dimensions; the fastest is the columns.
    GgufWriter matrix(String name, Weights weights, TensorType type) {
        return tensor(name, false, type, weights);
    }

    private GgufWriter tensor(String name, boolean vector, TensorType type, Weights weights) {
        long offset = 0;
        if (!tensors.isEmpty()) {
            Entry last = tensors.getLast();
            offset = align(last.offset() + last.bytes());
        }
        tensors.add(new Entry(name, vector, type, weights, offset));
        return this;
    }

    /// Writes the file.
    ///
    /// @param target a path that does not exist
    void write(Path target) throws IOException {
        Bytes head = new Bytes();
        head.int32(MAGIC).int32(VERSION).int64(tensors.size()).int64(entries).bytes(metadata.toByteArray());
        for (Entry tensor : tensors) {
            head.string(tensor.name())
                    .int32(tensor.vector() ? 1 : 2)
                    .int64(tensor.weights().columns());
            if (!tensor.vector()) {
                head.int64(tensor.weights().rows());
            }
            head.int32(tensor.type().code()).int64(tensor.offset());
        }
        try (FileChannel channel = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            writeAll(channel, ByteBuffer.wrap(head.toByteArray()));
            for (Entry tensor : tensors) {
                pad(channel);
                write(channel, tensor);
            }
            pad(channel);
        }
    }

    private static void write(FileChannel channel, Entry tensor) throws IOException {
        Weights weights = tensor.weights();
        float[] row = new float[weights.columns()];
        int rowBytes = tensor.type().width() * weights.columns();
        ByteBuffer buffer =
                ByteBuffer.allocateDirect(Math.max(1 << 20, rowBytes)).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < weights.rows(); i++) {
            if (buffer.remaining() < rowBytes) {
                writeAll(channel, buffer.flip());
                buffer.clear();
            }
            weights.row(i, row);
            for (float value : row) {
                tensor.type().put(buffer, value);
            }
        }
        writeAll(channel, buffer.flip());
    }

    private static void pad(FileChannel channel) throws IOException {
        long position = channel.position();
        writeAll(channel, ByteBuffer.allocate((int) (align(position) - position)));
    }

    private static long align(long offset) {
        return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private static void writeAll(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /// Little-endian output in memory.
    private static final class Bytes {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Bytes int8(int value) {
            out.write(value);
            return this;
        }

        Bytes int32(int value) {
            for (int shift = 0; shift < 32; shift += 8) {
                out.write(value >>> shift);
            }
            return this;
        }

        Bytes int64(long value) {
            return int32((int) value).int32((int) (value >>> 32));
        }

        Bytes string(String value) {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            return int64(bytes.length).bytes(bytes);
        }

        Bytes bytes(byte[] bytes) {
            out.writeBytes(bytes);
            return this;
        }

        byte[] toByteArray() {
            return out.toByteArray();
        }
    }
}
