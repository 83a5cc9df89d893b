package umem.engine.embedding.convert;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A float32 matrix in memory, read row by row.
///
/// @param data `rows * columns` little-endian values; row-major, or column-major where `transposed`
/// @param rows at least 1; 1 for a vector
/// @param columns at least 1
record Weights(MemorySegment data, int rows, int columns, boolean transposed) {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    Weights {
        if (data.byteSize() != 4L * rows * columns) {
            throw new IllegalArgumentException(
                    data.byteSize() + " bytes are not " + rows + " x " + columns + " floats");
        }
    }

    /// Reads a row.
    ///
    /// @param into receives `columns` values
    void row(int row, float[] into) {
        if (!transposed) {
            MemorySegment.copy(data, FLOAT, 4L * row * columns, into, 0, columns);
            return;
        }
        for (int column = 0; column < columns; column++) {
            into[column] = data.getAtIndex(FLOAT, (long) column * rows + row);
        }
    }
}
