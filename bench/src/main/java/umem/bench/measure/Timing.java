package umem.bench.measure;

import java.util.Arrays;

/// What the rounds of a contender took.
///
/// @param name the contender
/// @param nanos nanoseconds an operation in each round, by the clock of the measurement
/// @param wall the same on the wall clock
/// @param bytes Java heap that an operation allocated on the threads that were timed, mean of all rounds
public record Timing(String name, double[] nanos, double[] wall, double bytes) {

    /// The median round, nanoseconds an operation.
    public double median() {
        return median(nanos);
    }

    /// The fastest round.
    public double min() {
        return Arrays.stream(nanos).min().orElseThrow();
    }

    /// The slowest round.
    public double max() {
        return Arrays.stream(nanos).max().orElseThrow();
    }

    /// How far the rounds lie apart, as a share of the median.
    public double spread() {
        return (max() - min()) / median();
    }

    /// How many times as long another took: the median of the ratios round by round, since what disturbs a round
    /// disturbs all who run in it.
    public double speedUp(Timing other) {
        double[] ratios = new double[nanos.length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = other.nanos[i] / nanos[i];
        }
        return median(ratios);
    }

    /// The faster of two in each round.
    public Timing best(Timing other) {
        double[] best = new double[nanos.length];
        double[] bestWall = new double[nanos.length];
        for (int i = 0; i < best.length; i++) {
            best[i] = Math.min(nanos[i], other.nanos[i]);
            bestWall[i] = Math.min(wall[i], other.wall[i]);
        }
        return new Timing(name, best, bestWall, Math.min(bytes, other.bytes));
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
