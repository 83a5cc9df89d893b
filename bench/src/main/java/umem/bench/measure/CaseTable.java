package umem.bench.measure;

import java.util.Locale;
import java.util.stream.Collectors;

/// Cases as lines of a table for a person, printed as they come.
public final class CaseTable {
    private CaseTable() {}

    /// The line above.
    public static String head() {
        return String.format(
                Locale.ROOT,
                "%-29s %-26s %10s %-9s %6s %6s %6s  %s",
                "case",
                "engine",
                "value",
                "unit",
                "spread",
                "limit",
                "recall",
                "peers: their time by ours");
    }

    /// The line of a case.
    public static String line(CaseResult result) {
        String peers = result.peers().entrySet().stream()
                .map(peer -> peer.getKey() + String.format(Locale.ROOT, " %.2f", peer.getValue()))
                .collect(Collectors.joining(", "));
        return String.format(
                        Locale.ROOT,
                        "%-29s %-26s %10s %-9s %5.0f%% %6s %6s  %s%s",
                        result.name(),
                        result.engine(),
                        number(result.value()),
                        result.unit(),
                        100 * result.spread(),
                        result.limitRatio() == null ? "-" : String.format(Locale.ROOT, "%.2f", result.limitRatio()),
                        result.recall() == null ? "-" : String.format(Locale.ROOT, "%.3f", result.recall()),
                        peers.isEmpty() ? "-" : peers,
                        result.checked() ? "" : "  WRONG ANSWERS")
                .stripTrailing();
    }

    private static String number(double value) {
        int decimals = value >= 1000 ? 0 : value >= 10 ? 1 : 3;
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }
}
