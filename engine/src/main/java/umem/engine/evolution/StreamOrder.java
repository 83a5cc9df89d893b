package umem.engine.evolution;

import java.util.SplittableRandom;

/// Which task comes when. A pure function of its arguments, on every machine.
final class StreamOrder {
    private StreamOrder() {}

    /// The order of one epoch.
    ///
    /// @param tasks how many there are
    /// @param epoch from 0
    /// @return a permutation of `[0, tasks)`
    static int[] of(int tasks, int epoch, StreamOptions options) {
        int[] order = new int[tasks];
        for (int i = 0; i < tasks; i++) {
            order[i] = i;
        }
        if (options.shuffle()) {
            SplittableRandom random = new SplittableRandom(options.seed() * 0x9E3779B97F4A7C15L + epoch);
            for (int i = tasks - 1; i > 0; i--) {
                int j = random.nextInt(i + 1);
                int swapped = order[i];
                order[i] = order[j];
                order[j] = swapped;
            }
        }
        return order;
    }
}
