package umem.engine.neighborhood;

import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a set of neighbourhoods looks like as a graph.
///
/// @param tasks tasks with a neighbourhood
/// @param pairs ordered pairs (task, neighbour)
/// @param degrees `degrees.get(d)` tasks have `d` neighbours; ends at the largest
/// @param largestInDegree how often the most chosen task is a neighbour; a large one is a hub that many rewards hang on
/// @param neverChosen tasks that are nobody's neighbour
/// @param reciprocity share of the pairs (q, q') for which q is a neighbour of q' too, 0 to 1
/// @param meanSimilarity of the pairs that have one; NaN if none has
/// @param histogram of those similarities: bin `b` of [#BINS] counts from `-1 + 0.05 b` up to below the next, the last
///     one includes 1
public record NeighborhoodStatistics(
        int tasks,
        long pairs,
        List<Long> degrees,
        long largestInDegree,
        long neverChosen,
        double reciprocity,
        double meanSimilarity,
        List<Long> histogram) {
    /// Bins of the histogram, each 0.05 wide.
    public static final int BINS = 40;

    /// Counts.
    public static NeighborhoodStatistics of(Neighborhoods neighborhoods) {
        Map<String, Integer> inDegrees = new HashMap<>();
        Map<String, Set<String>> sets = new HashMap<>();
        long[] histogram = new long[BINS];
        long pairs = 0;
        long known = 0;
        double sum = 0;
        int largest = 0;
        for (String id : neighborhoods.taskIds()) {
            List<Neighbor> neighbors = neighborhoods.of(id);
            Set<String> set = HashSet.newHashSet(neighbors.size());
            for (Neighbor neighbor : neighbors) {
                set.add(neighbor.id());
                inDegrees.merge(neighbor.id(), 1, Integer::sum);
                if (!Float.isNaN(neighbor.similarity())) {
                    histogram[
                            Math.clamp((int) Math.floor((neighbor.similarity() + 1.0) * (BINS / 2.0)), 0, BINS - 1)]++;
                    sum += neighbor.similarity();
                    known++;
                }
            }
            sets.put(id, set);
            pairs += neighbors.size();
            largest = Math.max(largest, neighbors.size());
        }
        long[] degrees = new long[largest + 1];
        long mutual = 0;
        for (Map.Entry<String, Set<String>> entry : sets.entrySet()) {
            degrees[entry.getValue().size()]++;
            for (String neighbor : entry.getValue()) {
                mutual += sets.getOrDefault(neighbor, Set.of()).contains(entry.getKey()) ? 1 : 0;
            }
        }
        long chosen = sets.keySet().stream().filter(inDegrees::containsKey).count();
        return new NeighborhoodStatistics(
                sets.size(),
                pairs,
                list(degrees),
                inDegrees.isEmpty() ? 0 : Collections.max(inDegrees.values()),
                sets.size() - chosen,
                pairs == 0 ? 0 : (double) mutual / pairs,
                sum / known,
                list(histogram));
    }

    private static List<Long> list(long[] values) {
        return java.util.Arrays.stream(values).boxed().toList();
    }
}
