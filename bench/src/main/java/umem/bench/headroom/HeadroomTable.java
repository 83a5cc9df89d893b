package umem.bench.headroom;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.node.ObjectNode;
import umem.cli.terminal.Json;

/// A [Headroom] in words and in JSON.
final class HeadroomTable {
    private HeadroomTable() {}

    /// One object: a share for every setting, its 95 % interval under `ci95`, `boxed`, and the shares of each family.
    static ObjectNode json(Headroom headroom) {
        ObjectNode root = Json.object().put("executor", headroom.executor()).put("tasks", headroom.tasks());
        putShares(root, headroom.shares());
        root.put("boxed", headroom.boxed());
        ObjectNode intervals = root.putObject("ci95");
        headroom.shares()
                .forEach((setting, share) ->
                        intervals.putArray(setting.label()).add(share.low()).add(share.high()));
        ObjectNode families = root.putObject("families");
        headroom.families().forEach((name, shares) -> {
            ObjectNode family = families.putObject(name).put("tasks", tasks(shares));
            putShares(family, shares);
        });
        return root;
    }

    /// Lines for a person.
    static List<String> lines(Headroom headroom) {
        List<String> lines = new ArrayList<>();
        lines.add(headroom.executor() + ", " + headroom.tasks() + " tasks, share solved with 95 % interval");
        lines.add("");
        headroom.shares()
                .forEach((setting, share) -> lines.add(String.format(
                        Locale.ROOT,
                        "%-24s %.3f [%.3f, %.3f]",
                        setting.label().replace('_', ' '),
                        share.value(),
                        share.low(),
                        share.high())));
        lines.add(String.format(Locale.ROOT, "%-24s %.3f", "outputs with an answer", headroom.boxed()));
        lines.add("");
        lines.add(String.format(
                Locale.ROOT, "%-20s %3s %6s %6s %7s %9s", "family", "n", "none", "rule", "others", "neighbour"));
        headroom.families()
                .forEach((name, shares) -> lines.add(String.format(
                        Locale.ROOT,
                        "%-20s %3d %6.2f %6.2f %7.2f %9.2f",
                        name,
                        tasks(shares),
                        value(shares, Setting.NO_MEMORY),
                        value(shares, Setting.TRUE_RULE),
                        value(shares, Setting.TRUE_RULE_AMONG_OTHERS),
                        value(shares, Setting.NEIGHBOUR_FEEDBACK))));
        return lines;
    }

    private static void putShares(ObjectNode node, Map<Setting, Share> shares) {
        shares.forEach((setting, share) -> node.put(setting.label(), share.value()));
    }

    private static int tasks(Map<Setting, Share> shares) {
        return shares.values().iterator().next().tasks();
    }

    private static double value(Map<Setting, Share> shares, Setting setting) {
        return Objects.requireNonNull(shares.get(setting)).value();
    }
}
