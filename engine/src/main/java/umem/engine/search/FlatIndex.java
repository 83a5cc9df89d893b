package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/// Exact search: every row is scored. The default up to some 20,000 rows (a millisecond a query at 384 values on one
/// core), see [IndexKind#AUTO]; a change costs one row's copy.
///
/// Rows lie off-heap in the order in which they came, except that the last row fills the hole of a removed one.
public final class FlatIndex implements VectorIndex {
    private final RowStore rows;
    private final FlatScan scan;
    private final RowNorms norms = new RowNorms();
    private final int threads;

    /// @param dimension values a row, at least 1
    public FlatIndex(int dimension) {
        this(new RowStore(dimension), 1);
    }

    /// @param rows that nobody follows yet
    /// @param threads of a large batch at most
    FlatIndex(RowStore rows, int threads) {
        this.rows = rows;
        this.scan = new FlatScan(rows, SearchKernels.current());
        this.threads = threads;
        rows.follow(norms);
    }

    /// Reads what [#save] wrote, into memory, and checks all of it.
    ///
    /// @throws umem.error.UmemException of kind INPUT if it is no such file or one of another version, of kind STORAGE
    /// if
    ///     it is damaged, cannot be read, or is too large for the memory
    public static FlatIndex load(Path file) {
        return new FlatIndex(RowFile.read(file, false), 1);
    }

    /// As [#load], but the rows stay in the file's pages, which the system may drop and read again when memory is
    /// short,
    /// and which processes share. Changes stay in memory and never reach the file. Needs the permission to write the
    /// file. Replacing the file, as [#save] does, is harmless meanwhile; cutting it is not.
    public static FlatIndex map(Path file) {
        return new FlatIndex(RowFile.read(file, true), 1);
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
    public void search(MemorySegment query, TopHits best) {
        scan.search(query, best);
    }

    @Override
    public void search(MemorySegment queries, TopHits[] best) {
        BlasBatch products = BlasBatch.forQueries(best.length);
        if (products == null) {
            scan.search(queries, best);
        } else {
            products.search(rows, norms, queries, best, threads);
        }
    }

    @Override
    public List<Hit> range(MemorySegment query, float minScore) {
        return scan.range(query, minScore);
    }

    @Override
    public void save(Path file) {
        rows.save(file);
    }

    @Override
    public String description() {
        return "flat float32";
    }

    @Override
    public void close() {
        rows.close();
    }
}
