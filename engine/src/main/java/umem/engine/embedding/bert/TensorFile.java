package umem.engine.embedding.bert;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;
import umem.bindings.llama.GgufHeader;
import umem.bindings.llama.GgufTensor;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The tensors of a GGUF file, mapped into memory and read as float32. Valid as long as the arena that it was mapped
/// into. Reading is safe for all threads.
final class TensorFile {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path path;
    private final GgufHeader header;
    private final MemorySegment file;

    /// A matrix of the file.
    ///
    /// @param half whether its elements are of 16 bits
    /// @param rows in the file's order
    record Tensor(MemorySegment data, boolean half, int rows, int columns) {
        /// Reads one row.
        ///
        /// @param target receives `columns` native-order floats from `offset` bytes on
        void row(int row, MemorySegment target, long offset) {
            long first = (long) row * columns;
            if (!half) {
                MemorySegment.copy(data, FLOAT, 4 * first, target, ValueLayout.JAVA_FLOAT_UNALIGNED, offset, columns);
                return;
            }
            for (int i = 0; i < columns; i++) {
                float value = Float.float16ToFloat(data.get(SHORT, 2 * (first + i)));
                target.set(ValueLayout.JAVA_FLOAT_UNALIGNED, offset + 4L * i, value);
            }
        }

        /// Reads all rows into an array.
        float[] toArray() {
            float[] values = new float[Math.multiplyExact(rows, columns)];
            MemorySegment target = MemorySegment.ofArray(values);
            for (int row = 0; row < rows; row++) {
                row(row, target, 4L * row * columns);
            }
            return values;
        }
    }

    private TensorFile(Path path, GgufHeader header, MemorySegment file) {
        this.path = path;
        this.header = header;
        this.file = file;
    }

    /// Maps a file.
    static TensorFile map(Path path, GgufHeader header, Arena arena) {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return new TensorFile(path, header, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (IOException e) {
            throw new UmemException(ErrorKind.MODEL, "encoder " + path + " cannot be read: " + e.getMessage(), e);
        }
    }

    Path path() {
        return path;
    }

    /// A tensor of one dimension.
    ///
    /// @throws UmemException of kind MODEL if it is missing, or of another shape or type
    float[] vector(String name, int length) {
        return tensor(name, List.of((long) length)).toArray();
    }

    /// A tensor of two dimensions.
    ///
    /// @throws UmemException of kind MODEL if it is missing, or of another shape or type
    Tensor matrix(String name, int rows, int columns) {
        return tensor(name, List.of((long) columns, (long) rows));
    }

    /// A tensor of two dimensions, or null where the file has none of that name; of its rows nothing is asked.
    ///
    /// @throws UmemException of kind MODEL if its rows have another length, or it is of another type
    @Nullable
    Tensor table(String name, int columns) {
        GgufTensor tensor = header.tensors().get(name);
        if (tensor == null) {
            return null;
        }
        long rows = tensor.shape().size() == 2 ? tensor.shape().get(1) : -1;
        if (rows < 1 || rows > Integer.MAX_VALUE) {
            throw BertShape.damaged(path, "has the tensor " + name + " of shape " + tensor.shape());
        }
        return matrix(name, (int) rows, columns);
    }

    private Tensor tensor(String name, List<Long> shape) {
        GgufTensor tensor = header.tensors().get(name);
        if (tensor == null) {
            throw BertShape.damaged(path, "lacks the tensor " + name);
        }
        if (!tensor.shape().equals(shape)) {
            throw BertShape.damaged(
                    path, "has the tensor " + name + " of shape " + tensor.shape() + " instead of " + shape);
        }
        if (tensor.type() != GgufTensor.F32 && tensor.type() != GgufTensor.F16) {
            throw BertShape.damaged(path, "has the tensor " + name + " of type " + tensor.type() + ", not F32 or F16");
        }
        int columns = Math.toIntExact(shape.getFirst());
        int rows = shape.size() == 1 ? 1 : Math.toIntExact(shape.get(1));
        long bytes = (tensor.type() == GgufTensor.F16 ? 2L : 4L) * columns * rows;
        if (tensor.offset() < 0 || bytes > file.byteSize() - tensor.offset()) {
            throw BertShape.damaged(path, "ends before its tensor " + name);
        }
        return new Tensor(file.asSlice(tensor.offset(), bytes), tensor.type() == GgufTensor.F16, rows, columns);
    }
}
