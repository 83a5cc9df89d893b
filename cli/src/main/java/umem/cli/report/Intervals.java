package umem.cli.report;

import java.util.List;
import java.util.Locale;

/// Shares and their differences as people read them.
public final class Intervals {
    private Intervals() {}

    /// A share as a percentage, such as `45.8 %`.
    public static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    /// A difference of shares in percentage points, signed, such as `+16.7`.
    public static String points(double difference) {
        return String.format(Locale.ROOT, "%+.1f", 100 * difference);
    }

    /// An interval of differences in percentage points, such as `+4.2 to +29.2`.
    public static String points(List<Double> interval) {
        return points(interval.get(0)) + " to " + points(interval.get(1));
    }
}
