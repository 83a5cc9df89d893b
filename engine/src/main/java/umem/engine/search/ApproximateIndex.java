package umem.engine.search;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
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
/// thread builds a new base, which takes minutes for a million rows; searches and changes go on meanwhile.
///
/// It allocates some small objects a search.
public final class ApproximateIndex implements VectorIndex {
    private static final Logger LOG = System.getLogger(ApproximateIndex.class.getName());

    private final FaissLibrary library;
    private final ApproximateOptions options;
    private final SearchKernels kernels = SearchKernels.current();
    private final RowStore store;
    private final FlatIndex rows;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final Deque<ApproximateProbe> probes = new ArrayDeque<>();
    private FlatIndex delta;
    private @Nullable ApproximateBase base;
    private @Nullable ApproximateBuild build;
    private long changesAtFailure;
    private boolean closed;

    /// An empty index.
    ///
    /// @param dimension values a row, at least 1
    public ApproximateIndex(FaissLibrary library, int dimension, ApproximateOptions options) {
        this.library = library;
        this.options = options;
        this.store = new RowStore(dimension);
        this.rows = new FlatIndex(store, kernels);
        this.delta = new FlatIndex(dimension);
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
        changing(() -> {
            delta.add(id, row);
            try {
                rows.add(id, row);
            } catch (Throwable t) {
                delta.remove(id);
                throw t;
            }
            changed(id);
        });
    }

    @Override
    public void addAll(long[] ids, MemorySegment newRows) {
        long[] own = ids.clone();
        changing(() -> {
            delta.addAll(own, newRows);
            try {
                rows.addAll(own, newRows);
            } catch (Throwable t) {
                for (long id : own) {
                    delta.remove(id);
                }
                throw t;
            }
            for (long id : own) {
                changed(id);
            }
        });
    }

    @Override
    public void update(long id, MemorySegment row) {
        changing(() -> {
            rows.update(id, row);
            if (delta.contains(id)) {
                delta.update(id, row);
            } else {
                delta.add(id, row);
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
                delta.remove(id);
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
            delta.search(query, best);
            if (base != null) {
                ApproximateProbe probe = takeProbe();
                probe.search(base, query, best, rows::search);
                giveBack(probe);
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void search(MemorySegment queries, TopHits[] best) {
        lock.readLock().lock();
        try {
            requireOpen();
            delta.search(queries, best);
            if (base != null && best.length > 0) {
                ApproximateProbe probe = takeProbe();
                probe.search(base, queries, best, rows::search);
                giveBack(probe);
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Scans all rows.
    @Override
    public List<Hit> range(MemorySegment query, float minScore) {
        return rows.range(query, minScore);
    }

    @Override
    public void save(Path file) {
        rows.save(file);
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
                            + " of them gone, and " + delta.size() + " others; rescored";
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
        awaitBuild();
        changing(() -> {
            if (build == null && store.size() > 0) {
                startBuild();
            }
        });
        awaitBuild();
    }

    /// Waits for a build that is under way, if any.
    private void awaitBuild() {
        ApproximateBuild running;
        lock.readLock().lock();
        try {
            running = build;
        } finally {
            lock.readLock().unlock();
        }
        if (running != null) {
            try {
                running.end().join();
            } catch (CompletionException e) {
                if (e.getCause() instanceof RuntimeException cause) {
                    throw cause;
                }
                throw e;
            }
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
            delta.close();
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

    /// Notes that a row came, changed or went, after the rows and the delta have it.
    private void changed(long id) {
        if (base != null) {
            base.drop(id);
        }
        if (build != null) {
            build.touch(id);
        } else if (isRebuildDue()) {
            startBuild();
        }
    }

    private boolean isRebuildDue() {
        int size = store.size();
        long changes = (long) delta.size() + (base == null ? 0 : base.goneCount());
        return size >= options.minRows()
                && changes > 2 * changesAtFailure
                && (base == null || changes > options.rebuildShare() * size);
    }

    private void startBuild() {
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
        ApproximateBase oldBase;
        FlatIndex oldDelta;
        lock.writeLock().lock();
        try {
            FlatIndex newDelta = new FlatIndex(dimension());
            try {
                if (closed) {
                    throw new CancellationException("the index was closed");
                }
                for (long id : running.touched()) {
                    built.drop(id);
                    if (rows.contains(id)) {
                        newDelta.add(id, rows.row(id));
                    }
                }
            } catch (Throwable t) {
                newDelta.close();
                built.close();
                throw t;
            }
            oldBase = base;
            oldDelta = delta;
            base = built;
            delta = newDelta;
            build = null;
            changesAtFailure = 0;
        } finally {
            lock.writeLock().unlock();
        }
        // No search uses these any more: each holds the lock while it does.
        oldDelta.close();
        if (oldBase != null) {
            oldBase.close();
        }
        LOG.log(Level.DEBUG, "search: a new base of {0} rows", size);
    }

    private void giveUp(ApproximateBuild running, Throwable failure) {
        lock.writeLock().lock();
        try {
            build = null;
            changesAtFailure = (long) delta.size() + (base == null ? 0 : base.goneCount());
            if (!closed) {
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

    private ApproximateProbe takeProbe() {
        synchronized (probes) {
            ApproximateProbe probe = probes.pollLast();
            return probe == null ? new ApproximateProbe(store, kernels) : probe;
        }
    }

    private void giveBack(ApproximateProbe probe) {
        synchronized (probes) {
            probes.addLast(probe);
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the index is closed");
        }
    }
}
