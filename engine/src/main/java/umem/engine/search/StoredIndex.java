package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// What indexes over the rows of a [RowStore] have in common: everything but the search.
abstract sealed class StoredIndex implements VectorIndex permits FlatIndex, QuantisedIndex {
    final RowStore rows;

    /// @param rows the index's own from now on
    StoredIndex(RowStore rows) {
        this.rows = rows;
    }

    @Override
    public int dimension() {
        return rows.dimension();
    }

    @Override
    public int size() {
        return rows.size();
    }

    @Override
    public boolean contains(long id) {
        return rows.contains(id);
    }

    @Override
    public void add(long id, MemorySegment row) {
        rows.add(id, row);
    }

    @Override
    public void addAll(long[] ids, MemorySegment newRows) {
        rows.addAll(ids, newRows);
    }

    @Override
    public void update(long id, MemorySegment row) {
        rows.update(id, row);
    }

    @Override
    public boolean remove(long id) {
        return rows.remove(id);
    }

    @Override
    public float[] row(long id) {
        return rows.row(id);
    }

    @Override
    public void save(Path file) {
        rows.save(file);
    }
}
