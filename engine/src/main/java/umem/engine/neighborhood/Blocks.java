package umem.engine.neighborhood;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A range of rows worked through in blocks by several threads.
final class Blocks {
    private Blocks() {}

    /// Work on the rows `first` to `first + count - 1`.
    @FunctionalInterface
    interface Work {
        void run(int first, int count);
    }

    /// Runs all blocks and returns when they are done. What a block throws ends the others and is thrown on.
    ///
    /// @param name of the threads
    /// @param progress is told the number of rows done, by one thread at a time, ascending
    /// @throws UmemException of kind INTERRUPTED if the calling thread is interrupted
    static void run(String name, int rows, int block, int threads, Work work, IntConsumer progress) {
        AtomicInteger next = new AtomicInteger();
        AtomicBoolean stopped = new AtomicBoolean();
        Object turn = new Object();
        int[] done = new int[1];
        Runnable worker = () -> {
            try {
                while (!stopped.get()) {
                    int first = next.getAndAdd(block);
                    if (first < 0 || first >= rows) {
                        return;
                    }
                    int count = Math.min(block, rows - first);
                    work.run(first, count);
                    synchronized (turn) {
                        done[0] += count;
                        progress.accept(done[0]);
                    }
                }
            } finally {
                // After a failure the result is of no use; after the last block there is nothing left.
                stopped.set(true);
            }
        };
        // Closing waits: no thread may still read the rows when the caller goes on.
        try (ExecutorService pool = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name(name + "-", 0).factory())) {
            List<Future<?>> futures = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                futures.add(pool.submit(worker));
            }
            try {
                for (Future<?> future : futures) {
                    future.get();
                }
            } catch (InterruptedException e) {
                stopped.set(true);
                Thread.currentThread().interrupt();
                throw new UmemException(ErrorKind.INTERRUPTED, "interrupted", e);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException failure) {
                    throw failure;
                }
                if (e.getCause() instanceof Error failure) {
                    throw failure;
                }
                throw new IllegalStateException(e);
            }
        }
    }
}
