package umem.bench.measure;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Times contenders side by side: after everyone is warm, each runs for a short while, in turn, round after round, so
/// that whatever else the machine does meets all alike.
///
/// @param rounds how many, at least 1
/// @param clock what counts
/// @param monitor is asked whether to go on, and told how far it is
public record Rounds(int rounds, Clock clock, Monitor monitor) {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long MILLISECOND = 1_000_000;
    private static final int WARM_UP_CALLS = 100;
    private static final int ROUND_CALLS = 40;
    /// Calls of a round start at a multiple of this.
    private static final int STRIDE = 1009;
    /// On a busy machine a thread may wait much longer than it runs.
    private static final int PATIENCE = 10;

    /// What counts as time.
    public enum Clock {
        /// The time for which the calling thread had a processor: what others do to the machine hardly shows. For work
        /// done by the thread that asks for it.
        THREAD,
        /// The time on the wall.
        WALL
    }

    /// Times them.
    ///
    /// @return in the same order
    /// @throws UmemException of kind INTERRUPTED if the user wants no more
    public List<Timing> measure(List<Contender> contenders) {
        int threads = contenders.stream().mapToInt(c -> c.works().size()).max().orElseThrow();
        try (ExecutorService pool = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().factory())) {
            long[] call = new long[contenders.size()];
            for (int i = 0; i < call.length; i++) {
                monitor.check("warming up " + contenders.get(i).name());
                call[i] = warmUp(contenders.get(i), pool);
            }
            double[][] nanos = new double[call.length][rounds];
            double[][] wall = new double[call.length][rounds];
            double[] bytes = new double[call.length];
            for (int round = 0; round < rounds; round++) {
                monitor.check("round " + (round + 1) + " of " + rounds);
                for (int i = 0; i < call.length; i++) {
                    long budget = Math.clamp(ROUND_CALLS * call[i], 20 * MILLISECOND, 400 * MILLISECOND);
                    Sample sample = run(contenders.get(i), pool, STRIDE * (round + 1), budget);
                    nanos[i][round] = (clock == Clock.THREAD ? sample.processor : sample.wall) / sample.operations;
                    wall[i][round] = sample.wall / sample.operations;
                    bytes[i] += (double) sample.bytes / sample.operations / rounds;
                }
            }
            List<Timing> timings = new ArrayList<>();
            for (int i = 0; i < call.length; i++) {
                timings.add(new Timing(contenders.get(i).name(), nanos[i], wall[i], bytes[i]));
            }
            return timings;
        }
    }

    /// @return nanoseconds a call, once warm
    private long warmUp(Contender contender, ExecutorService pool) {
        Sample first = run(contender, pool, 0, 1);
        long call = (long) first.wall;
        long budget = Math.clamp(WARM_UP_CALLS * call, 50 * MILLISECOND, 1500 * MILLISECOND);
        Sample warm = run(contender, pool, 1, budget);
        return (long) (warm.wall * contender.operations() / warm.operations);
    }

    /// @param processor nanoseconds for which the threads ran, all together
    /// @param wall nanoseconds on the wall, undoing not included
    private record Sample(double processor, double wall, long operations, long bytes) {}

    private Sample run(Contender contender, ExecutorService pool, int firstCall, long budget) {
        if (contender.works().size() == 1) {
            return run(contender.works().getFirst(), contender.operations(), firstCall, budget);
        }
        List<Callable<Sample>> tasks = new ArrayList<>();
        for (int i = 0; i < contender.works().size(); i++) {
            Work work = contender.works().get(i);
            int start = firstCall + 31 * i;
            tasks.add(() -> run(work, contender.operations(), start, budget));
        }
        try {
            double processor = 0;
            double rate = 0;
            long operations = 0;
            long bytes = 0;
            for (Future<Sample> done : pool.invokeAll(tasks)) {
                Sample sample = done.get();
                processor += sample.processor;
                rate += sample.operations / sample.wall;
                operations += sample.operations;
                bytes += sample.bytes;
            }
            // Threads end at different times: what counts is how fast all of them were together.
            return new Sample(processor, operations / rate, operations, bytes);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UmemException(ErrorKind.INTERRUPTED, "interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(contender.name() + " failed", e.getCause());
        }
    }

    private Sample run(Work work, int operations, int firstCall, long budget) {
        long processor = 0;
        long wall = 0;
        long bytes = 0;
        int calls = 0;
        while (calls == 0 || (clock == Clock.WALL ? wall : Math.max(processor, wall / PATIENCE)) < budget) {
            long allocated = THREADS.getCurrentThreadAllocatedBytes();
            long started = System.nanoTime();
            long running = THREADS.getCurrentThreadCpuTime();
            work.run(firstCall + calls);
            processor += THREADS.getCurrentThreadCpuTime() - running;
            wall += System.nanoTime() - started;
            bytes += THREADS.getCurrentThreadAllocatedBytes() - allocated;
            work.undo(firstCall + calls);
            calls++;
        }
        return new Sample(processor, wall, (long) calls * operations, bytes);
    }
}
