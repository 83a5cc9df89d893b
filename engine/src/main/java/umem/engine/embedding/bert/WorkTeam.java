package umem.engine.embedding.bert;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The calling thread and some platform threads that share its work, piece by piece.
///
/// Who is free takes the next piece, so a thread whose core another program holds takes fewer; nobody waits in a busy
/// loop for longer than it takes to wake a thread up. One thread at a time may call [#run].
final class WorkTeam implements AutoCloseable {
    /// Looks for work before a thread sleeps, about 20 microseconds: the gaps between the steps of a layer are shorter.
    private static final int PATIENCE = 400;

    private final List<Worker> workers = new ArrayList<>();
    private volatile @Nullable Job current;
    private volatile boolean closed;

    /// A piece of work.
    @FunctionalInterface
    interface Work {
        /// @param piece from 0
        /// @param member who does it: 0 for the calling thread, below [WorkTeam#size()]
        void run(int piece, int member);
    }

    /// @param size threads, the calling one included; at least 1
    WorkTeam(int size) {
        for (int member = 1; member < size; member++) {
            workers.add(new Worker(member));
        }
        workers.forEach(worker -> worker.thread.start());
    }

    /// Threads, the calling one included.
    int size() {
        return workers.size() + 1;
    }

    /// Does all pieces and returns when they are done. What a piece throws is thrown here.
    void run(int pieces, Work work) {
        if (pieces <= 1 || workers.isEmpty()) {
            for (int piece = 0; piece < pieces; piece++) {
                work.run(piece, 0);
            }
            return;
        }
        Job job = new Job(pieces, work, Thread.currentThread());
        current = job;
        for (Worker worker : workers.subList(0, Math.min(workers.size(), pieces - 1))) {
            worker.wake();
        }
        job.help(0);
        job.await();
        current = null;
        Throwable failure = job.failure.get();
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure != null) {
            throw new IllegalStateException("a piece of work failed", failure);
        }
    }

    /// Ends the threads; nobody may be in [#run].
    @Override
    public void close() {
        closed = true;
        for (Worker worker : workers) {
            LockSupport.unpark(worker.thread);
        }
        boolean interrupted = false;
        for (Worker worker : workers) {
            while (worker.thread.isAlive()) {
                try {
                    worker.thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Job {
        private final int pieces;
        private final Work work;
        private final Thread caller;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger left;
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        Job(int pieces, Work work, Thread caller) {
            this.pieces = pieces;
            this.work = work;
            this.caller = caller;
            this.left = new AtomicInteger(pieces);
        }

        void help(int member) {
            for (int piece = next.getAndIncrement(); piece < pieces; piece = next.getAndIncrement()) {
                try {
                    work.run(piece, member);
                } catch (Throwable t) {
                    failure.compareAndSet(null, t);
                }
                if (left.decrementAndGet() == 0 && member != 0) {
                    LockSupport.unpark(caller);
                }
            }
        }

        /// An interrupt is left to the caller's caller: pieces under way use memory that must not go away.
        void await() {
            boolean interrupted = false;
            for (int looks = 0; left.get() > 0; looks++) {
                if (looks < PATIENCE) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                    interrupted |= Thread.interrupted();
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private final class Worker implements Runnable {
        private final int member;
        private final Thread thread;
        private volatile boolean asleep;

        Worker(int member) {
            this.member = member;
            this.thread =
                    Thread.ofPlatform().name("umem-encoder-" + member).daemon().unstarted(this);
        }

        void wake() {
            if (asleep) {
                LockSupport.unpark(thread);
            }
        }

        @Override
        public void run() {
            Job done = null;
            int looks = 0;
            while (!closed) {
                Job job = current;
                if (job != null && job != done) {
                    job.help(member);
                    done = job;
                    looks = 0;
                } else if (looks++ < PATIENCE) {
                    Thread.onSpinWait();
                } else {
                    asleep = true;
                    // Looked at again, now that run() would wake this thread up.
                    Job missed = current;
                    if ((missed == null || missed == done) && !closed) {
                        LockSupport.park(WorkTeam.this);
                    }
                    asleep = false;
                    looks = 0;
                }
            }
        }
    }
}
