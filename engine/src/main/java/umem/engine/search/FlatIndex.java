package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/// Exact search: every row is scored. The default up to some 20,000 rows (a millisecond a query at 384 values on one
/// core), see [IndexKind#AUTO]; a change costs one row's copy.
///
/// Rows lie off-heap in the order in which they came, except that the last row fills the hole of a removed one.
public final class FlatIndex extends StoredIndex {
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
        super(rows);
        this.scan = new FlatScan(rows, SearchKernels.current());
        this.threads = threads;
        rows.follow(norms);
    }

    /// Reads what [#save] wrote, into memory, and checks all of it.
    ///
    /// @throws umem.error.UmemException of kind INPUT if it is no such file or one of another version, of kind STORAGE
    ///     if it is damaged, cannot be read, or is too large for the memory
    public static FlatIndex load(Path file) {
        return new FlatIndex(RowFile.read(file, false), 1);
    }

    /// As [#load], but the rows stay in the file's pages, which the system may drop and read again when memory is
    /// short, and which processes share. Changes stay in memory and never reach the file. Needs the permission to write
    /// the file. Replacing the file, as [#save] does, is harmless meanwhile; cutting it is not.
    public static FlatIndex map(Path file) {
        return new FlatIndex(RowFile.read(file, true), 1);
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
    public String description() {
        return "flat float32";
    }

    @Override
    public void close() {
        rows.close();
    }
}
