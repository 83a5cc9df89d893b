package umem.bindings.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/// A view of float32 values off-heap as rows. Owns nothing: valid as long as its memory.
///
/// @param floats native memory; the first row begins at its start
/// @param rows 0 or more
/// @param columns at least 1
/// @param stride distance of two rows, in floats; at least `columns`
public record Matrix(MemorySegment floats, int rows, int columns, int stride) {

    /// @throws IllegalArgumentException if the rows do not lie in the memory
    public Matrix {
        if (rows < 0 || columns < 1 || stride < columns || !floats.isNative()) {
            throw new IllegalArgumentException("no matrix: " + rows + " x " + columns + ", stride " + stride);
        }
        long bytes = rows == 0 ? 0 : 4 * ((rows - 1L) * stride + columns);
        if (floats.byteSize() < bytes || floats.address() % 4 != 0) {
            throw new IllegalArgumentException(rows + " rows of " + columns + " floats, stride " + stride
                    + ", do not fit into " + floats.byteSize() + " bytes at " + floats.address());
        }
    }

    /// Allocates rows without gaps, aligned to cache lines.
    public static Matrix allocate(SegmentAllocator memory, int rows, int columns) {
        return new Matrix(memory.allocate(4L * rows * columns, 64), rows, columns, columns);
    }

    /// Some of its rows.
    public Matrix rows(int from, int count) {
        if (from < 0 || count < 0 || from + count > rows) {
            throw new IndexOutOfBoundsException("rows " + from + " to " + (from + count) + " of " + rows);
        }
        return new Matrix(count == 0 ? floats : floats.asSlice(4L * from * stride), count, columns, stride);
    }

    /// Some of its columns.
    public Matrix columns(int from, int count) {
        if (from < 0 || count < 1 || from + count > columns) {
            throw new IndexOutOfBoundsException("columns " + from + " to " + (from + count) + " of " + columns);
        }
        return new Matrix(rows == 0 ? floats : floats.asSlice(4L * from), rows, count, stride);
    }

    /// Whether its rows follow each other without gaps.
    boolean isDense() {
        return stride == columns;
    }

    /// One element.
    public float get(int row, int column) {
        if (row < 0 || row >= rows || column < 0 || column >= columns) {
            throw new IndexOutOfBoundsException("element " + row + ", " + column + " of " + rows + " x " + columns);
        }
        return floats.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * stride + column);
    }
}
