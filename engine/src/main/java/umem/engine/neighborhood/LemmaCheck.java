package umem.engine.neighborhood;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.IntConsumer;
import umem.engine.search.TopHits;
import umem.engine.search.VectorIndex;
import umem.engine.task.Task;

/// Lemma 3.1 (C.1) on real embeddings, over a bank with one memory for each distinct task, keyed by its question.
///
/// For a query q, a neighbour q' and a key k the lemma says
/// `|e(q).e(k) - e(q').e(k)| <= ||e(q) - e(q')|| = sqrt(2 - 2 e(q).e(q'))`. The inequality is Cauchy-Schwarz for a key
/// of
/// unit length, the equality holds for queries of unit length; both are therefore checks of what an encoder gives. The
/// left side is largest for the keys with the highest and the lowest inner product with `e(q) - e(q')`: two searches
/// find
/// them among all keys, and all terms are then computed in float64 on the float32 rows.
///
/// What the lemma is for is that near queries retrieve the same memories; this is measured too, as the share of the
/// Top-K that a query and its neighbour have in common when the memories of the two themselves are left out.
///
/// @param pairs pairs (q, q') that were looked at
/// @param maxViolation the largest left side minus right side of the inequality, 0 if it always holds
/// @param tightness the largest left side divided by right side; 1 would be a case in which the lemma is exact
/// @param identityError the largest `| ||e(q) - e(q')||^2 - (2 - 2 e(q).e(q')) |`, in squares because the root of a
/// tiny
///     difference magnifies rounding
/// @param overlap mean share of the Top-K that q and q' have in common, 0 to 1; NaN if there was no pair
/// @param randomOverlap the same for pairs of tasks taken from far apart in the file, to compare with
public record LemmaCheck(
        long pairs, double maxViolation, double tightness, double identityError, double overlap, double randomOverlap) {
    private static final int BLOCK = 256;

    /// Checks.
    ///
    /// @param tasks the tasks, as given to [NeighborhoodSearch#run]
    /// @param index as it was left by that
    /// @param topK memories retrieved for a query, `K` of spec section 2, at least 1
    /// @param sample tasks q to look at, evenly spread over the file, at least 1
    /// @param progress is told the number of tasks done, by one thread at a time
    /// @throws umem.error.UmemException of kind INTERRUPTED if the thread is interrupted
    public static LemmaCheck run(
            List<Task> tasks,
            TaskVectors vectors,
            VectorIndex index,
            Neighborhoods neighborhoods,
            int topK,
            int sample,
            int threads,
            IntConsumer progress) {
        Map<String, Integer> rows = new HashMap<>();
        for (int row = 0; row < tasks.size(); row++) {
            rows.putIfAbsent(tasks.get(row).id(), row);
        }
        int count = Math.min(sample, tasks.size());
        int[] queries = new int[count];
        int[][] neighbors = new int[count][];
        for (int i = 0; i < count; i++) {
            queries[i] = (int) ((long) i * tasks.size() / count);
            List<Neighbor> named = neighborhoods.of(tasks.get(queries[i]).id());
            neighbors[i] = named.stream()
                    .mapToInt(neighbor -> rows.getOrDefault(neighbor.id(), -1))
                    .toArray();
        }
        int widest =
                Arrays.stream(neighbors).mapToInt(list -> list.length).max().orElse(0);
        Extremes extremes = new Extremes(vectors, index);
        Blocks.run(
                "umem-lemma",
                count,
                Math.max(1, BLOCK / Math.max(1, widest)),
                threads,
                (first, some) -> extremes.look(queries, neighbors, first, some),
                progress);
        Retrieval retrieval = Retrieval.of(tasks, vectors, index, queries, neighbors, topK, threads);
        double overlap = 0;
        double randomOverlap = 0;
        long pairs = 0;
        long randomPairs = 0;
        for (int i = 0; i < count; i++) {
            for (int neighbor : neighbors[i]) {
                overlap += retrieval.overlap(queries[i], neighbor);
                pairs++;
            }
            int far = queries[(i + count / 2) % count];
            if (far != queries[i]) {
                randomOverlap += retrieval.overlap(queries[i], far);
                randomPairs++;
            }
        }
        return new LemmaCheck(
                pairs,
                extremes.maxViolation,
                extremes.tightness,
                extremes.identityError,
                overlap / pairs,
                randomOverlap / randomPairs);
    }

    /// The largest terms of the lemma so far.
    private static final class Extremes {
        private final TaskVectors vectors;
        private final VectorIndex index;
        private double maxViolation;
        private double tightness;
        private double identityError;

        Extremes(TaskVectors vectors, VectorIndex index) {
            this.vectors = vectors;
            this.index = index;
        }

        void look(int[] queries, int[][] neighbors, int first, int count) {
            List<int[]> pairs = new ArrayList<>();
            for (int i = first; i < first + count; i++) {
                for (int neighbor : neighbors[i]) {
                    pairs.add(new int[] {queries[i], neighbor});
                }
            }
            if (pairs.isEmpty()) {
                return;
            }
            int dimension = vectors.dimension();
            TopHits[] best = new TopHits[2 * pairs.size()];
            Arrays.setAll(best, i -> new TopHits(1));
            double[] distances = new double[pairs.size()];
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment differences = arena.allocate(4L * dimension * best.length, 64);
                for (int p = 0; p < distances.length; p++) {
                    int one = pairs.get(p)[0];
                    int other = pairs.get(p)[1];
                    double squares = 0;
                    for (int column = 0; column < dimension; column++) {
                        double difference = (double) vectors.value(one, column) - vectors.value(other, column);
                        squares += difference * difference;
                        long at = 2L * p * dimension + column;
                        differences.setAtIndex(ValueLayout.JAVA_FLOAT, at, (float) difference);
                        differences.setAtIndex(ValueLayout.JAVA_FLOAT, at + dimension, (float) -difference);
                    }
                    distances[p] = squares;
                }
                index.search(differences, best);
            }
            for (int p = 0; p < distances.length; p++) {
                int one = pairs.get(p)[0];
                int other = pairs.get(p)[1];
                double cosine = vectors.dot(one, other);
                for (TopHits hits : List.of(best[2 * p], best[2 * p + 1])) {
                    int key = (int) hits.id(0);
                    record(Math.abs(vectors.dot(one, key) - vectors.dot(other, key)), distances[p], cosine);
                }
            }
        }

        private synchronized void record(double gap, double squaredDistance, double cosine) {
            double distance = Math.sqrt(squaredDistance);
            maxViolation = Math.max(maxViolation, gap - distance);
            if (distance > 0) {
                tightness = Math.max(tightness, gap / distance);
            }
            identityError = Math.max(identityError, Math.abs(squaredDistance - (2 - 2 * cosine)));
        }
    }

    /// What each query would retrieve.
    private record Retrieval(TaskTexts texts, Map<Integer, int[]> hits, int topK) {

        static Retrieval of(
                List<Task> tasks,
                TaskVectors vectors,
                VectorIndex index,
                int[] queries,
                int[][] neighbors,
                int topK,
                int threads) {
            TreeSet<Integer> wanted = new TreeSet<>();
            Arrays.stream(queries).forEach(wanted::add);
            Arrays.stream(neighbors).flatMapToInt(Arrays::stream).forEach(wanted::add);
            int[] rows = wanted.stream().mapToInt(Integer::intValue).toArray();
            int[][] found = new int[rows.length][];
            long bytes = 4L * vectors.dimension();
            // Two more than K: the memories of q and q' are going to be left out.
            int depth = Math.min(index.size(), topK + 2);
            Blocks.run(
                    "umem-retrieval",
                    rows.length,
                    BLOCK,
                    threads,
                    (first, count) -> {
                        TopHits[] best = new TopHits[count];
                        Arrays.setAll(best, i -> new TopHits(depth));
                        try (Arena arena = Arena.ofConfined()) {
                            MemorySegment some = arena.allocate(bytes * count, 64);
                            for (int i = 0; i < count; i++) {
                                MemorySegment.copy(vectors.slice(rows[first + i], 1), 0, some, bytes * i, bytes);
                            }
                            index.search(some, best);
                        }
                        for (int i = 0; i < count; i++) {
                            TopHits hits = best[i];
                            found[first + i] = new int[hits.size()];
                            Arrays.setAll(found[first + i], rank -> (int) hits.id(rank));
                        }
                    },
                    done -> {});
            Map<Integer, int[]> byRow = new HashMap<>();
            for (int i = 0; i < rows.length; i++) {
                byRow.put(rows[i], found[i]);
            }
            return new Retrieval(TaskTexts.of(tasks), byRow, topK);
        }

        /// The share of the Top-K that two rows have in common; 0 where there are no other memories.
        double overlap(int one, int other) {
            int[] ours = others(one, one, other);
            int[] theirs = others(other, one, other);
            long common = Arrays.stream(ours)
                    .filter(key -> Arrays.stream(theirs).anyMatch(k -> k == key))
                    .count();
            return ours.length == 0 ? 0 : (double) common / ours.length;
        }

        private int[] others(int row, int one, int other) {
            return Arrays.stream(hits.getOrDefault(row, new int[0]))
                    .filter(key -> key != texts.group(one) && key != texts.group(other))
                    .limit(topK)
                    .toArray();
        }
    }
}
