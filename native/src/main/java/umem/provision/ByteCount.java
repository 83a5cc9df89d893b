package umem.provision;

import java.util.Locale;

/// Byte counts for people: decimal units, as disks and package clients count.
public final class ByteCount {
    private ByteCount() {}

    /// `1.1 GB` for 1117320768.
    ///
    /// @param bytes at least 0
    public static String format(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = -1;
        while (value >= 1000 && unit < 3) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, value < 10 ? "%.1f %cB" : "%.0f %cB", value, "kMGT".charAt(unit));
    }
}
