package umem.bench.measure;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;
import umem.cli.terminal.Json;

/// What came out of a case.
///
/// @param name of the case: `single-f32`
/// @param engine what of ours was measured
/// @param value the median round
/// @param unit of the value: `us/query`, `us`, `bytes`, `texts/s`
/// @param peers how many times as long each peer took: above 1 we are faster
/// @param limitRatio the time of a plain read of the same bytes by ours: 1 is the machine's limit; null where it is
/// none
/// @param recall the share of the exact answer that was found; null where that means nothing
/// @param spread distance of the fastest round from the slowest, as a share of the median
/// @param checked whether all who took part gave the right answers
/// @param details what else is worth keeping, for the file of results
public record CaseResult(
        String name,
        String engine,
        double value,
        String unit,
        Map<String, Double> peers,
        @Nullable Double limitRatio,
        @Nullable Double recall,
        double spread,
        boolean checked,
        ObjectNode details) {

    /// The object that `--json` prints.
    public ObjectNode json() {
        ObjectNode node = Json.object()
                .put("case", name)
                .put("engine", engine)
                .put("value", rounded(value))
                .put("unit", unit);
        ObjectNode ratios = node.putObject("peers");
        peers.forEach((peer, ratio) -> ratios.put(peer, rounded(ratio)));
        return node.put("limit_ratio", limitRatio == null ? null : rounded(limitRatio))
                .put("recall", recall)
                .put("spread", rounded(spread))
                .put("checked", checked);
    }

    /// Four significant digits.
    static double rounded(double value) {
        return value == 0 || !Double.isFinite(value)
                ? value
                : new java.math.BigDecimal(value)
                        .round(new java.math.MathContext(4))
                        .doubleValue();
    }
}
