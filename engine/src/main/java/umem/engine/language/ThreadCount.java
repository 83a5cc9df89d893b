package umem.engine.language;

/// How many threads the next native call should use, learnt from the last ones.
///
/// ggml's threads wait for each other in busy loops after every operation. When other programs hold a core, all of them
/// wait for the one that is not running, and more threads are not slower by a few percent but a hundred times. So as
/// soon as the calling thread gets less than its share of a core the count is halved, and one more is tried again after
/// a while without contention, later and later if that fails. For one thread.
final class ThreadCount {
    /// Shorter calls tell nothing: the clock of a thread ticks too coarsely.
    private static final long SHORTEST = 5_000_000;

    private static final double CONTENDED = 0.75;
    private static final double FREE = 0.92;
    private static final long FIRST_PAUSE = 5_000_000_000L;
    private static final long LONGEST_PAUSE = 80_000_000_000L;

    private final int most;
    private int threads;
    private long pause = FIRST_PAUSE;
    /// Nanoseconds without contention since the last change.
    private long quiet;

    /// @param most the most threads, at least 1
    ThreadCount(int most) {
        this.most = most;
        threads = most;
    }

    int threads() {
        return threads;
    }

    /// Learns from a native call.
    ///
    /// @param processor nanoseconds that the calling thread was running
    /// @param elapsed nanoseconds that the call took
    void observe(long processor, long elapsed) {
        if (elapsed < SHORTEST) {
            return;
        }
        double share = (double) processor / elapsed;
        if (share < CONTENDED) {
            if (threads > 1) {
                threads /= 2;
                pause = Math.min(2 * pause, LONGEST_PAUSE);
            }
            quiet = 0;
        } else if (share > FREE && threads < most) {
            quiet += elapsed;
            if (quiet >= pause) {
                threads++;
                quiet = 0;
            }
        }
        if (threads == most && share > FREE) {
            pause = Math.max(FIRST_PAUSE, pause - elapsed);
        }
    }
}
