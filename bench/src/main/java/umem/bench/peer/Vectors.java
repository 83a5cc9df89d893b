package umem.bench.peer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Rows of float32 of equal length, one after the other: what every contender of a case is given. Nobody writes to it.
///
/// @param count how many rows, at least 0
/// @param dimension values a row, at least 1
/// @param values native memory of `count * dimension * 4` bytes at least, 64-byte aligned
public record Vectors(int count, int dimension, MemorySegment values) {

    /// Bytes of a row.
    public long rowBytes() {
        return 4L * dimension;
    }

    /// The rows from `first` on, in place.
    public MemorySegment rows(int first, int rows) {
        return values.asSlice(rowBytes() * first, rowBytes() * rows);
    }

    /// A copy of a row.
    public float[] row(int row) {
        return rows(row, 1).toArray(ValueLayout.JAVA_FLOAT);
    }

    /// The value in column `column` of a row.
    public float value(int row, int column) {
        return values.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * dimension + column);
    }
}
