package umem.engine.search;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import umem.bindings.faiss.FaissLibrary;

/// Approximate search for many rows: it looks at a part of them, and misses some of the nearest now and then. What it
/// finds has the very scores of an exact search, and every change counts at once.
///
/// All rows lie in a [RowStore], the truth. A base made of them by FAISS (inverted lists or a graph, by
/// [ApproximateOptions]) names candidates, which are scored by the rows themselves; rows added or changed since it was
/// made, the delta, are scanned exactly; rows that went or changed are passed over in the base. When many have changed,
/// a
/// thread builds a new base, which takes minutes for a million rows; searches and changes go on meanwhile. Before there
/// is a base all rows are scanned.
///
/// It allocates some small objects a search.
public final class ApproximateIndex implements VectorIndex {
    private static final Logger LOG = System.getLogger(ApproximateIndex.class.getName());

    private final FaissLibrary library;
    private final ApproximateOptions options;
    private final RowStore store;
    private final FlatIndex rows;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final ApproximateProbes probes;
    private @Nullable ApproximateBase base;
    private @Nullable ApproximateBuild build;
    private long changesAtFailure;
    private boolean closed;

    /// An empty index.
    ///
    /// @param dimension values a row, at least 1
    public ApproximateIndex(FaissLibrary library, int dimension, ApproximateOptions options) {
        this(library, new RowStore(dimension), null, options);
    }

    private ApproximateIndex(
            FaissLibrary library, RowStore store, @Nullable ApproximateBase base, ApproximateOptions options) {
        this.library = library;
        this.options = options;
        this.store = store;
        this.base = base;
        SearchKernels kernels = SearchKernels.current();
        this.rows = new FlatIndex(store, 1);
        this.probes = new ApproximateProbes(store, kernels);
    }

    /// Reads what [#save] wrote, or what a [FlatIndex] did. Where the base is missing, is damaged or is that of other
    /// rows, a thread builds a new one; the rows have to be whole.
    ///
    /// @throws umem.error.UmemException as [FlatIndex#load]
    public static ApproximateIndex load(FaissLibrary library, Path file, ApproximateOptions options) {
        RowStore store = RowFile.read(file, false);
        ApproximateIndex index =
                new ApproximateIndex(library, store, ApproximateFile.read(library, file, store, options), options);
        index.changing(() -> {
            if (index.isRebuildDue()) {
                index.startBuild();
            }
        });
        return index;
    }

    @Override
    public int dimension() {
        return store.dimension();
    }

    @Override
    public int size() {
        return store.size();
    }

    @Override
    public boolean contains(long id) {
        return store.contains(id);
    }

    @Override
    public void add(long id, MemorySegment row) {
        addAll(new long[] {id}, row);
    }

    @Override
    public void addAll(long[] ids, MemorySegment newRows) {
        long[] own = ids.clone();
        changing(() -> {
            if (own.length == 1) {
                rows.add(own[0], newRows);
            } else {
                rows.addAll(own, newRows);
            }
            if (base != null) {
                try {
                    base.delta().addAll(own, newRows);
                } catch (Throwable t) {
                    for (long id : own) {
                        rows.remove(id);
                    }
                    throw t;
                }
            }
            changed(own);
        });
    }

    @Override
    public void update(long id, MemorySegment row) {
        changing(() -> {
            rows.update(id, row);
            if (base != null) {
                base.put(id, row);
            }
            changed(id);
        });
    }

    @Override
    public boolean remove(long id) {
        boolean[] removed = new boolean[1];
        changing(() -> {
            removed[0] = rows.remove(id);
            if (removed[0]) {
                if (base != null) {
                    base.remove(id);
                }
                changed(id);
            }
        });
        return removed[0];
    }

    @Override
    public float[] row(long id) {
        return store.row(id);
    }

    @Override
    public void search(MemorySegment query, TopHits best) {
        lock.readLock().lock();
        try {
            requireOpen();
            if (base == null) {
                rows.search(query, best);
                return;
            }
            base.delta().search(query, best);
            ApproximateProbe probe = probes.take();
            probe.search(base, query, best, rows::search);
            probes.giveBack(probe);
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void search(MemorySegment queries, TopHits[] best) {
        lock.readLock().lock();
        try {
            requireOpen();
            if (base == null || best.length == 0) {
                rows.search(queries, best);
                return;
            }
            base.delta().search(queries, best);
            ApproximateProbe probe = probes.take();
            probe.search(base, queries, best, rows::search);
            probes.giveBack(probe);
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Scans all rows.
    @Override
    public List<Hit> range(MemorySegment query, float minScore) {
        return rows.range(query, minScore);
    }

    /// Saves the rows to a file that a [FlatIndex] reads too, and the base beside it, in `FILE.base` and
    /// `FILE.base.ids`.
    @Override
    public void save(Path file) {
        lock.readLock().lock();
        try {
            requireOpen();
            ApproximateFile.write(file, rows, base);
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Names the base, with how many of its rows are gone and how many others there are.
    @Override
    public String description() {
        lock.readLock().lock();
        try {
            requireOpen();
            return base == null
                    ? "flat float32, approximate from " + options.minRows() + " rows"
                    : "FAISS " + base.description() + " of " + base.size() + " rows, " + base.goneCount()
                            + " of them gone, and " + base.delta().size() + " others; rescored";
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Builds a new base of all rows, whether that is due or not, and waits until it is in use. Searches and changes go
    /// on meanwhile. Does nothing where there are no rows.
    ///
    /// @throws umem.error.UmemException of kind NATIVE if FAISS refuses: a bad factory string, fewer rows than inverted
    ///     lists, too little memory; the index stays as it is
    public void rebuild() {
        ApproximateBuild own = null;
        while (own == null) {
            ApproximateBuild other = buildUnderWay();
            if (other != null) {
                other.end().exceptionally(failure -> null).join();
            }
            lock.writeLock().lock();
            try {
                requireOpen();
                if (store.size() == 0) {
                    return;
                }
                if (build == null) {
                    own = startBuild();
                }
            } finally {
                lock.writeLock().unlock();
            }
        }
        try {
            own.end().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private @Nullable ApproximateBuild buildUnderWay() {
        lock.readLock().lock();
        try {
            return build;
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Frees the rows, once running searches have ended. A build under way is given up; where FAISS is training, that
    /// takes as long as the training.
    @Override
    public void close() {
        ApproximateBuild running;
        lock.writeLock().lock();
        try {
            closed = true;
            running = build;
        } finally {
            lock.writeLock().unlock();
        }
        if (running != null) {
            running.cancel();
            running.end().exceptionally(failure -> null).join();
        }
        lock.writeLock().lock();
        try {
            if (base != null) {
                base.close();
            }
            rows.close();
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void changing(Runnable change) {
        lock.writeLock().lock();
        try {
            requireOpen();
            change.run();
        } finally {
            lock.writeLock().unlock();
        }
    }

    /// Notes that rows came, changed or went, after rows and base have it.
    private void changed(long... ids) {
        if (build != null) {
            for (long id : ids) {
                build.touch(id);
            }
        } else if (isRebuildDue()) {
            startBuild();
        }
    }

    private boolean isRebuildDue() {
        int size = store.size();
        return size >= options.minRows()
                && changes() > 2 * changesAtFailure
                && (base == null || changes() > options.rebuildShare() * size);
    }

    /// Rows that the base does not know as they are.
    private long changes() {
        return base == null ? store.size() : base.changes();
    }

    private ApproximateBuild startBuild() {
        long stamp = store.beginRead();
        long[] ids;
        try {
            ids = Arrays.copyOf(store.ids(), store.rows());
        } finally {
            store.endRead(stamp);
        }
        ApproximateBuild started = new ApproximateBuild(library, store, options, ids);
        build = started;
        Thread.ofPlatform().daemon().name("umem-index-build").start(() -> run(started));
        return started;
    }

    private void run(ApproximateBuild running) {
        try {
            publish(running, running.base());
            running.end().complete(null);
        } catch (Throwable failure) {
            giveUp(running, failure);
        }
    }

    private void publish(ApproximateBuild running, ApproximateBase built) {
        int size = built.size();
        ApproximateBase old;
        lock.writeLock().lock();
        try {
            if (closed) {
                throw new CancellationException("the index was closed");
            }
            for (long id : running.touched()) {
                if (rows.contains(id)) {
                    built.put(id, MemorySegment.ofArray(rows.row(id)));
                } else {
                    built.remove(id);
                }
            }
            old = base;
            base = built;
            build = null;
            changesAtFailure = 0;
        } catch (Throwable t) {
            built.close();
            throw t;
        } finally {
            lock.writeLock().unlock();
        }
        if (old != null) {
            // No search uses it any more: each holds the lock while it does.
            old.close();
        }
        LOG.log(Level.DEBUG, "search: a new base of {0} rows", size);
    }

    private void giveUp(ApproximateBuild running, Throwable failure) {
        lock.writeLock().lock();
        try {
            if (build == running) {
                build = null;
            }
            if (!closed) {
                changesAtFailure = changes();
                LOG.log(
                        Level.WARNING,
                        "no new base for the approximate search: {0}; changed rows are scanned exactly, which takes"
                                + " longer the more they are",
                        failure.getMessage());
            }
        } finally {
            lock.writeLock().unlock();
        }
        running.end().completeExceptionally(failure);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the index is closed");
        }
    }
}
