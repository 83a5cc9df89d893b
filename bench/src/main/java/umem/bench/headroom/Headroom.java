package umem.bench.headroom;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Predicate;
import umem.engine.executor.Trajectory;

/// What memory can do for an executor: the share of tasks that it solves in each [Setting].
///
/// @param executor its name
/// @param tasks number of tasks, each tried in every setting
/// @param shares over all tasks, for every setting
/// @param boxed share of all outputs that hold an answer which can be read, in [0, 1]
/// @param families the same for the tasks of each family, by name
record Headroom(
        String executor,
        int tasks,
        Map<Setting, Share> shares,
        double boxed,
        Map<String, Map<Setting, Share>> families) {

    /// Counts.
    ///
    /// @param runs for every setting one trajectory a task, in the order of the tasks, at least one
    static Headroom of(String executor, Map<Setting, List<Trajectory>> runs) {
        List<Trajectory> all = runs.values().stream().flatMap(List::stream).toList();
        Map<String, Map<Setting, Share>> families = new TreeMap<>();
        for (Trajectory trajectory : all) {
            String family = attribute(trajectory, "family");
            families.computeIfAbsent(
                    family, name -> shares(runs, t -> attribute(t, "family").equals(name)));
        }
        return new Headroom(
                executor,
                runs.values().iterator().next().size(),
                shares(runs, t -> true),
                all.stream().filter(t -> t.answer() != null).count() / (double) all.size(),
                families);
    }

    /// The share of a setting over all tasks.
    Share share(Setting setting) {
        return Objects.requireNonNull(shares.get(setting));
    }

    private static Map<Setting, Share> shares(Map<Setting, List<Trajectory>> runs, Predicate<Trajectory> chosen) {
        Map<Setting, Share> shares = new EnumMap<>(Setting.class);
        runs.forEach((setting, trajectories) -> {
            Map<String, List<Boolean>> clusters = new LinkedHashMap<>();
            trajectories.stream()
                    .filter(chosen)
                    .forEach(t -> clusters.computeIfAbsent(attribute(t, "cluster"), cluster -> new ArrayList<>())
                            .add(t.correct()));
            shares.put(setting, Share.of(clusters.values()));
        });
        return shares;
    }

    private static String attribute(Trajectory trajectory, String name) {
        return Objects.requireNonNull(trajectory.task().attributes().get(name), name);
    }
}
