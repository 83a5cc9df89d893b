package umem.engine.search;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Padded float32 rows in native chunks of [#ROWS] rows, 64-byte aligned. It grows by a chunk, never by a copy, and
/// chunks are kept when rows go.
final class RowChunks implements AutoCloseable {
    /// Rows a chunk. A quarter of it, 256 rows, is far beyond a page for any usual dimension, which the kernels want.
    static final int ROWS = 1024;

    private static final int ALIGNMENT = 64;

    // Shared, so that any thread may read. The chunks are all of one segment kind: mixed kinds would slow the kernels.
    private final Arena arena = Arena.ofShared();
    private final List<MemorySegment> chunks = new ArrayList<>();
    private final int dimension;
    private final long rowBytes;

    RowChunks(int dimension) {
        this.dimension = dimension;
        this.rowBytes = 4L * SearchKernels.stride(dimension);
    }

    /// The rows `chunk * ROWS` and after.
    MemorySegment chunk(int chunk) {
        return chunks.get(chunk);
    }

    /// Makes room for row `position`, which is at most one beyond the last.
    void reserve(int position) {
        if (position / ROWS == chunks.size()) {
            // Zeroed by the arena; the padding behind each row is never written again.
            chunks.add(arena.allocate(rowBytes * ROWS, ALIGNMENT));
        }
    }

    void write(int position, float[] values) {
        MemorySegment.copy(values, 0, chunk(position / ROWS), ValueLayout.JAVA_FLOAT, offset(position), dimension);
    }

    float[] read(int position) {
        float[] values = new float[dimension];
        MemorySegment.copy(chunk(position / ROWS), ValueLayout.JAVA_FLOAT, offset(position), values, 0, dimension);
        return values;
    }

    void move(int from, int to) {
        MemorySegment.copy(chunk(from / ROWS), offset(from), chunk(to / ROWS), offset(to), rowBytes);
    }

    private long offset(int position) {
        return (position % ROWS) * rowBytes;
    }

    @Override
    public void close() {
        chunks.clear();
        arena.close();
    }
}
