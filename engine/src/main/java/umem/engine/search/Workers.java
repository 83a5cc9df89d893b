package umem.engine.search;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// Threads for the time of one batch, which runs for far longer than they take to start.
final class Workers {
    private Workers() {}

    /// A part of a job.
    @FunctionalInterface
    interface Part {
        /// Does what is numbered `from` to `to - 1`.
        void run(int from, int to);
    }

    /// Cuts `count` things into equal parts, does the first on this thread and each other on one of its own, and waits
    /// for all, interrupted or not: they use what the caller has locked.
    static void run(int count, int parts, Part job) {
        List<FutureTask<?>> others = new ArrayList<>();
        for (int part = 1; part < parts; part++) {
            int from = (int) ((long) count * part / parts);
            int to = (int) ((long) count * (part + 1) / parts);
            FutureTask<?> other = new FutureTask<>(() -> job.run(from, to), null);
            others.add(other);
            Thread.ofPlatform().name("umem-search-" + part).daemon().start(other);
        }
        try {
            job.run(0, count / parts);
        } finally {
            others.forEach(Workers::await);
        }
        for (FutureTask<?> other : others) {
            if (other.state() == FutureTask.State.FAILED) {
                throw new IllegalStateException("a part of a batch failed", other.exceptionNow());
            }
        }
    }

    private static void await(FutureTask<?> task) {
        boolean interrupted = false;
        while (!task.isDone()) {
            try {
                task.get();
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (ExecutionException e) {
                // Found by its state once all have ended.
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
