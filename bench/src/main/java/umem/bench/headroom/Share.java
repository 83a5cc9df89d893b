package umem.bench.headroom;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;

/// The share of tasks that were solved.
///
/// The interval is a bootstrap over clusters, not over tasks: the tasks of a cluster share a rule and stand or fall
/// together, so that an interval over tasks would be too narrow.
///
/// @param correct tasks solved
/// @param tasks tasks tried, at least 1
/// @param low lower end of the 95 % interval of the share
/// @param high upper end
record Share(int correct, int tasks, double low, double high) {
    private static final int RESAMPLES = 4000;
    private static final long SEED = 2602_10652L;

    /// Counts.
    ///
    /// @param clusters for each cluster, whether each of its tasks was solved; none empty
    static Share of(Collection<List<Boolean>> clusters) {
        List<int[]> counts = new ArrayList<>();
        for (List<Boolean> cluster : clusters) {
            int right = (int) cluster.stream().filter(solved -> solved).count();
            counts.add(new int[] {right, cluster.size()});
        }
        double[] shares = new double[RESAMPLES];
        Random random = new Random(SEED);
        for (int i = 0; i < RESAMPLES; i++) {
            List<int[]> resampled = new ArrayList<>(counts.size());
            for (int j = 0; j < counts.size(); j++) {
                resampled.add(counts.get(random.nextInt(counts.size())));
            }
            shares[i] = sum(resampled, 0) / (double) sum(resampled, 1);
        }
        java.util.Arrays.sort(shares);
        return new Share(
                sum(counts, 0), sum(counts, 1), shares[RESAMPLES / 40], shares[RESAMPLES - 1 - RESAMPLES / 40]);
    }

    /// The share, in [0, 1].
    double value() {
        return correct / (double) tasks;
    }

    private static int sum(List<int[]> counts, int column) {
        return counts.stream().mapToInt(count -> count[column]).sum();
    }
}
