package umem.engine.search;

import java.util.ArrayList;
import java.util.List;

/// The Euclidean norms of the rows of a [RowStore], never below the true ones: what bounds of errors are made of.
final class RowNorms implements RowListener {
    private final List<float[]> chunks = new ArrayList<>();

    @Override
    public void reserve(int rows) {
        while ((long) chunks.size() * RowStore.ROWS < rows) {
            chunks.add(new float[RowStore.ROWS]);
        }
    }

    @Override
    public void written(int position, float[] values) {
        chunk(position / RowStore.ROWS)[position % RowStore.ROWS] = Bounds.norm(values, 0, values.length);
    }

    @Override
    public void moved(int from, int to) {
        chunk(to / RowStore.ROWS)[to % RowStore.ROWS] = chunk(from / RowStore.ROWS)[from % RowStore.ROWS];
    }

    /// The norms of the rows of a chunk.
    float[] chunk(int chunk) {
        return chunks.get(chunk);
    }

    /// The largest norm of the first `count` rows of a chunk.
    float largest(int chunk, int count) {
        float[] norms = chunk(chunk);
        float largest = 0;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, norms[i]);
        }
        return largest;
    }
}
