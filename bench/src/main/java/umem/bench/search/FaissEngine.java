package umem.bench.search;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import umem.bench.peer.Search;
import umem.bench.peer.SearchEngine;
import umem.bench.peer.SearchIndex;
import umem.bench.peer.Vectors;
import umem.bindings.faiss.FaissIndex;
import umem.bindings.faiss.FaissLibrary;

/// FAISS's exact index through our C ABI, one thread a search. Several builds of FAISS may be loaded at once.
///
/// @param name of this build in the results
/// @param library the build
record FaissEngine(String name, FaissLibrary library) implements SearchEngine {
    private static final int GROUP = 4096;

    @Override
    public String version() {
        return library.version();
    }

    @Override
    public Kind kind() {
        return Kind.SCAN;
    }

    @Override
    public boolean batches() {
        return true;
    }

    @Override
    public long heapBytes(int rows, int dimension) {
        return 0;
    }

    @Override
    public long nativeBytes(int rows, int dimension) {
        return rows * (4L * dimension + 64);
    }

    @Override
    public SearchIndex open(Vectors rows, Vectors queries, int k) {
        FaissIndex index = FaissIndex.flat(library, rows.dimension());
        try {
            for (int first = 0; first < rows.count(); first += GROUP) {
                int end = Math.min(rows.count(), first + GROUP);
                index.add(
                        rows.rows(first, end - first),
                        LongStream.range(first, end).toArray());
            }
        } catch (Throwable e) {
            index.close();
            throw e;
        }
        return new Opened(index, queries, k);
    }

    private record Opened(FaissIndex index, Vectors queries, int k) implements SearchIndex {
        @Override
        public Search search(int batch, int effort) {
            MemorySegment[] starts = IntStream.rangeClosed(0, queries.count() - batch)
                    .mapToObj(first -> queries.rows(first, batch))
                    .toArray(MemorySegment[]::new);
            return new OneThread(index, starts, batch, k);
        }

        @Override
        public void close() {
            index.close();
        }
    }

    /// OpenMP's limit belongs to the thread that calls, which the first call tells.
    private static final class OneThread implements Search {
        private final FaissIndex index;
        private final MemorySegment[] starts;
        private final int k;
        private final MemorySegment scores;
        private final MemorySegment found;
        private long limited;

        OneThread(FaissIndex index, MemorySegment[] starts, int batch, int k) {
            this.index = index;
            this.starts = starts;
            this.k = k;
            this.scores = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, (long) batch * k);
            this.found = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG, (long) batch * k);
        }

        @Override
        public void run(int first, long[] ids) {
            long thread = Thread.currentThread().threadId();
            if (limited != thread) {
                index.library().setThreads(1);
                limited = thread;
            }
            index.search(starts[first], k, scores, found);
            MemorySegment.copy(found, ValueLayout.JAVA_LONG, 0, ids, 0, ids.length);
        }
    }
}
