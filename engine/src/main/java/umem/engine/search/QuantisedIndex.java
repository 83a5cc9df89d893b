package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;

/// Exact search that reads codes of 8 or 16 bits first, and of the float32 rows only those which may be hits: the same
/// hits as [FlatIndex], bit for bit, about three times (int8) or two times (bf16) as fast where rows do not fit the
/// caches. Codes take a quarter or a half of the rows' memory in addition; a change codes one row.
///
/// How it stays exact: each row's code keeps the norm of what it leaves out, `e = |x - x'|`. The exact score of a query
/// is then at most `<q', x'> + (|q| + |q - q'|) * e + |q - q'| * |x|`, and a little for rounding. A row is scored
/// exactly, on its float32 values, if this bound reaches the worst hit so far: few rows, unless many score almost the
/// same. There is no parameter to set and no recall to lose. Rows whose values differ hugely in size have loose bounds:
/// they are found just as exactly, only more slowly.
public final class QuantisedIndex extends StoredIndex {
    /// Queries from which on it is faster to read the float32 rows once for all of them.
    private static final int MANY = 8;

    private final RowCodes codes;
    private final CodeScan scan;
    private final FlatScan flat;
    private final int threads;

    /// @param dimension values a row, at least 1; at most 131,072 for int8
    public QuantisedIndex(int dimension, Quantisation quantisation) {
        this(new RowStore(dimension), quantisation, 0, 1);
    }

    /// @param rows that nobody follows yet
    /// @param start rows from which on there are codes, 0 for always
    /// @param threads of a batch
    QuantisedIndex(RowStore rows, Quantisation quantisation, int start, int threads) {
        super(rows);
        this.codes = new RowCodes(rows, quantisation, start);
        this.scan = new CodeScan(rows, codes);
        this.flat = new FlatScan(rows, SearchKernels.current());
        this.threads = threads;
        rows.follow(codes);
    }

    @Override
    public void search(MemorySegment query, TopHits best) {
        scan.search(query, best);
    }

    @Override
    public void search(MemorySegment queries, TopHits[] best) {
        BlasBatch products = BlasBatch.forQueries(best.length);
        if (products != null) {
            products.search(rows, codes.norms(), queries, best, threads);
        } else if (best.length < MANY) {
            scan.search(queries, best);
        } else {
            flat.search(queries, best);
        }
    }

    @Override
    public List<Hit> range(MemorySegment query, float minScore) {
        return scan.range(query, minScore);
    }

    @Override
    public String description() {
        long stamp = rows.beginRead();
        try {
            return scan.codedRows() == 0 && !codes.always()
                    ? "flat float32"
                    : "flat " + codes.quantisation().name().toLowerCase(Locale.ROOT) + ", rescored";
        } finally {
            rows.endRead(stamp);
        }
    }

    @Override
    public synchronized void close() {
        rows.close();
        codes.close();
    }
}
