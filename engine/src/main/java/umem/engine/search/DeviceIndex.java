package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import umem.bindings.ggml.Backend;

/// Exact search with a device's help, for many rows: a GPU holds a copy of the rows in half precision (2 bytes a
/// value), scores all of them for a batch of queries and returns a few candidates more than asked for; their scores are
/// computed again from the exact rows, which stay in this process.
///
/// The result is the exact one, that of [FlatIndex] to the bit. How far a score in half precision can be from the exact
/// one is known, so a search knows whether a row that is no candidate could have been a hit. Where it could, and for
/// more than [#MAX_K] hits, it scores all rows on the host. That happens when more rows than there are candidates to
/// spare have nearly the same score (copies of one text, for example), when a filter rejects most candidates, or when
/// rows have values beyond 65504. Rows and queries should have about unit length: the error grows with the longest.
///
/// Fewer than 1024 rows, the last ones, are searched on the host, so that adding a row costs no transfer each time.
/// Changes of other rows are written to the device at once. A search allocates memory in proportion to its candidates.
///
/// It works on every backend of ggml. **No run on a GPU has been seen yet: tests prove the logic on ggml's CPU backend,
/// which computes the same graph.** With that backend it is of use too: half the memory to read a search, and batches.
///
/// Owns memory of the device. The backend is the caller's, to be closed after the index.
public final class DeviceIndex implements VectorIndex {
    /// The most hits that the device is asked for.
    public static final int MAX_K = 128;

    private final RowStore rows;
    private final FlatIndex flat;
    private final SearchKernels kernels = SearchKernels.current();
    private final DeviceRows device;
    private final String name;
    private final LongAdder rescans = new LongAdder();

    /// @param backend where to search, such as [Backend#gpu]
    /// @param dimension values a row, at least 1
    public DeviceIndex(Backend backend, int dimension) {
        this(backend, new RowStore(dimension));
    }

    private DeviceIndex(Backend backend, RowStore rows) {
        this.rows = rows;
        this.flat = new FlatIndex(rows, 1);
        this.name = backend.name();
        this.device = new DeviceRows(backend, rows.dimension());
        rows.follow(device);
    }

    /// Reads what [#save] of any index wrote, and copies the rows to the device.
    ///
    /// @throws umem.error.UmemException as [FlatIndex#load]; of kind NATIVE if the device has no room for the rows
    public static DeviceIndex load(Backend backend, Path file) {
        RowStore rows = RowFile.read(file, false);
        try {
            return new DeviceIndex(backend, rows);
        } catch (RuntimeException | Error e) {
            rows.close();
            throw e;
        }
    }

    @Override
    public int dimension() {
        return flat.dimension();
    }

    @Override
    public int size() {
        return flat.size();
    }

    @Override
    public boolean contains(long id) {
        return flat.contains(id);
    }

    /// @throws umem.error.UmemException of kind NATIVE if the device has no room for more rows
    @Override
    public void add(long id, MemorySegment row) {
        flat.add(id, row);
    }

    /// @throws umem.error.UmemException of kind NATIVE if the device has no room for more rows
    @Override
    public void addAll(long[] ids, MemorySegment newRows) {
        flat.addAll(ids, newRows);
    }

    @Override
    public void update(long id, MemorySegment row) {
        flat.update(id, row);
    }

    @Override
    public boolean remove(long id) {
        return flat.remove(id);
    }

    @Override
    public float[] row(long id) {
        return flat.row(id);
    }

    @Override
    public void search(MemorySegment query, TopHits best) {
        search(query, new TopHits[] {best});
    }

    @Override
    public void search(MemorySegment queries, TopHits[] best) {
        int k = 0;
        float[][] padded = new float[best.length][];
        for (int i = 0; i < best.length; i++) {
            padded[i] = best[i].scratch().queries(rows.stride());
            rows.read(queries, i, best.length, padded[i], 0);
            k = Math.max(k, best[i].k());
        }
        for (int i : unfinished(padded, best, k)) {
            rescans.increment();
            flat.search(queries.asSlice(4L * dimension() * i, 4L * dimension()), best[i]);
        }
    }

    /// Searches with the device.
    ///
    /// @return the queries whose result may lack rows
    private List<Integer> unfinished(float[][] queries, TopHits[] best, int k) {
        List<Integer> unfinished = new ArrayList<>();
        long stamp = rows.beginRead();
        try {
            int size = rows.rows();
            if (k > MAX_K || device.covered(size) == 0) {
                for (int i = 0; i < best.length; i++) {
                    unfinished.add(i);
                }
                return unfinished;
            }
            int batch = device.maxQueries(size);
            for (int first = 0; first < best.length; first += batch) {
                int count = Math.min(batch, best.length - first);
                DeviceRows.Candidates[] found = device.search(queries, first, count, size, candidates(k));
                for (int i = first; i < first + count; i++) {
                    if (!rescore(queries[i], found[i - first], size, best[i])) {
                        unfinished.add(i);
                    }
                }
            }
            return unfinished;
        } finally {
            rows.endRead(stamp);
        }
    }

    /// With enough to spare for rows that a filter rejects or whose scores are closer than half precision can tell.
    private static int candidates(int k) {
        return Math.ceilDiv(Math.max(2 * k, k + 16), 32) * 32;
    }

    /// @return whether the hits are surely the best
    private boolean rescore(float[] query, DeviceRows.Candidates candidates, int size, TopHits best) {
        SearchScratch scratch = best.scratch();
        float[] scores = new float[candidates.size()];
        long[] ids = new long[candidates.size()];
        int[] positions = candidates.positions();
        for (int i = 0; i < candidates.size(); i++) {
            int position = positions[i];
            MemorySegment chunk = rows.chunk(position / RowStore.ROWS);
            scores[i] = kernels.score(query, 0, query.length, chunk, rows.offset(position), scratch.sums());
            ids[i] = rows.ids()[position];
        }
        best.begin();
        best.offer(scores, 0, candidates.size(), ids, 0);
        for (int first = device.covered(size); first < size; first += RowStore.ROWS) {
            int count = Math.min(RowStore.ROWS, size - first);
            kernels.scores(query, rows.chunk(first / RowStore.ROWS), count, scratch.scores(), scratch.sums());
            best.offer(scratch.scores(), 0, count, rows.ids(), first);
        }
        best.end();
        float least = best.size() == best.k() ? best.score(best.k() - 1) : best.minScore();
        return least > candidates.bound();
    }

    @Override
    public List<Hit> range(MemorySegment query, float minScore) {
        return flat.range(query, minScore);
    }

    @Override
    public void save(Path file) {
        flat.save(file);
    }

    @Override
    public String description() {
        return "flat float16 on " + name + ", rescored";
    }

    /// Queries so far that the host scored all rows for.
    long rescans() {
        return rescans.sum();
    }

    @Override
    public synchronized void close() {
        flat.close();
        device.close();
    }
}
