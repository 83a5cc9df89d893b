package umem.engine.evolution;

import java.util.Arrays;
import java.util.SplittableRandom;

/// The 95 % confidence interval of a mean difference between two systems on the same tasks, by paired bootstrap: tasks
/// are drawn with replacement, so what makes a task easy or hard for both cancels out.
///
/// @param mean of the differences
/// @param low 2.5 % quantile of the resampled means
/// @param high 97.5 % quantile of the resampled means
public record PairedInterval(double mean, double low, double high) {
    private static final int RESAMPLES = 10_000;

    /// The interval of some differences. The same differences in the same order give the same interval.
    ///
    /// @param differences one a task, at least one
    public static PairedInterval of(double[] differences) {
        int n = differences.length;
        if (n == 0) {
            throw new IllegalArgumentException("no differences");
        }
        SplittableRandom random = new SplittableRandom(n);
        double[] means = new double[RESAMPLES];
        for (int r = 0; r < RESAMPLES; r++) {
            double sum = 0;
            for (int i = 0; i < n; i++) {
                sum += differences[random.nextInt(n)];
            }
            means[r] = sum / n;
        }
        Arrays.sort(means);
        return new PairedInterval(
                Arrays.stream(differences).sum() / n,
                means[(int) Math.round(0.025 * (RESAMPLES - 1))],
                means[(int) Math.round(0.975 * (RESAMPLES - 1))]);
    }
}
