package umem.engine.neighborhood;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntConsumer;
import umem.engine.search.TopHits;
import umem.engine.search.VectorIndex;
import umem.engine.task.Task;

/// Semantic Neighbourhood Modeling (spec section 4): `N_N(q)` is the Top-N by cosine of all other tasks.
///
/// What is the query again is no neighbour, or the reward would pay for memories that give the answer away: a task that
/// is written down several times (same id, text or normalised text) is one candidate, its first row, and none to
/// itself; a candidate whose cosine is above a bound is left out as a near-duplicate.
///
/// Blocks of queries go through the index on several threads. The cosines that decide are then computed in float64, and
/// a query is searched again, deeper, until float32 rounding can't have hidden a candidate: with an exact index the
/// result is that of a brute-force search in float64, ties by row, whatever index, block or number of threads. With an
/// approximate index it holds for the candidates that the index finds. Memory: the rows twice (here and in the index)
/// and the result.
public final class NeighborhoodSearch {
    /// The default bound on the cosine, from MMLU questions with bge-small-en-v1.5: pairs above it differ in a word or
    /// a
    /// letter, or are one long template; problems of the same method with other numbers, which are what a neighbourhood
    /// is for, begin at 0.96. Some paraphrases lie below it, down to 0.94.
    public static final double NEAR_DUPLICATE = 0.97;

    /// Most neighbours a task.
    public static final int MOST = 1000;

    private static final int BLOCK = 256;
    private static final int SPARE = 12;

    private final TaskVectors vectors;
    private final VectorIndex index;
    private final Options options;
    private final TaskTexts texts;
    private final double least;
    private final double most;
    private final double rounding;
    private final LongAdder nearDuplicates = new LongAdder();
    private final int[][] neighbors;

    /// What is asked for.
    ///
    /// @param n neighbours a task, 1 to [#MOST]; the paper's is 3
    /// @param minSimilarity candidates with a lower cosine are left out; -1 for no bound
    /// @param maxSimilarity candidates with a higher cosine are near-duplicates; 1 for no bound
    /// @param threads threads that search, at least 1
    public record Options(int n, double minSimilarity, double maxSimilarity, int threads) {
        /// @throws IllegalArgumentException if a value is out of its range or the band is empty
        public Options {
            if (n < 1 || n > MOST) {
                throw new IllegalArgumentException("n " + n + " is not in 1 to " + MOST);
            }
            if (!(minSimilarity >= -1 && minSimilarity < maxSimilarity && maxSimilarity <= 1)) {
                throw new IllegalArgumentException(
                        "the similarities " + minSimilarity + " to " + maxSimilarity + " are no band within -1 to 1");
            }
            if (threads < 1) {
                throw new IllegalArgumentException("threads " + threads + " is below 1");
            }
        }
    }

    /// What came out.
    ///
    /// @param neighborhoods one for each distinct id, in the order of the tasks
    /// @param exclusions what was kept out
    /// @param candidates distinct tasks, the rows of the index
    public record Result(Neighborhoods neighborhoods, Exclusions exclusions, int candidates) {}

    private NeighborhoodSearch(TaskTexts texts, TaskVectors vectors, VectorIndex index, Options options) {
        this.texts = texts;
        this.vectors = vectors;
        this.index = index;
        this.options = options;
        // Rounding of the encoder takes a cosine of 1 above it.
        this.most = options.maxSimilarity == 1 ? Double.POSITIVE_INFINITY : options.maxSimilarity;
        this.least = options.minSimilarity == -1 ? Double.NEGATIVE_INFINITY : options.minSimilarity;
        // The classical bound for a sum of `dimension` products of unit vectors in float32, in any order.
        this.rounding = vectors.dimension() * 0x1p-24 * 1.01;
        this.neighbors = new int[vectors.rows()][];
    }

    /// Finds all neighbourhoods.
    ///
    /// @param tasks the training corpus `D`
    /// @param vectors their embeddings, in the same order
    /// @param index an empty index of the same dimension; afterwards it holds one row for each distinct task, its id
    ///     the number of the task
    /// @param progress is told the number of tasks done, by one thread at a time
    /// @throws IllegalArgumentException if the numbers of rows or dimensions differ, or the index is not empty
    /// @throws umem.error.UmemException of kind INPUT if an id stands for two different tasks, INTERRUPTED if the
    ///     thread is interrupted
    public static Result run(
            List<Task> tasks, TaskVectors vectors, VectorIndex index, Options options, IntConsumer progress) {
        if (vectors.rows() != tasks.size()) {
            throw new IllegalArgumentException(tasks.size() + " tasks, but " + vectors.rows() + " vectors");
        }
        if (index.dimension() != vectors.dimension() || index.size() != 0) {
            throw new IllegalArgumentException("the index has dimension " + index.dimension() + " and " + index.size()
                    + " rows; needed are " + vectors.dimension() + " and none");
        }
        TaskTexts texts = TaskTexts.of(tasks);
        fill(texts, vectors, index);
        NeighborhoodSearch search = new NeighborhoodSearch(texts, vectors, index, options);
        Blocks.run("umem-neighbors", vectors.rows(), BLOCK, options.threads, search::block, progress);
        Exclusions exclusions = new Exclusions(
                texts.sameTask(), texts.exactText(), texts.normalizedText(), search.nearDuplicates.sum());
        return new Result(search.named(tasks), exclusions, texts.distinct());
    }

    private static void fill(TaskTexts texts, TaskVectors vectors, VectorIndex index) {
        int row = 0;
        while (row < vectors.rows()) {
            // A run of representatives is one block of memory.
            int end = row;
            while (end < vectors.rows() && end - row < BLOCK && texts.isRepresentative(end)) {
                end++;
            }
            long[] ids = new long[end - row];
            Arrays.setAll(ids, firstId(row));
            index.addAll(ids, vectors.slice(row, ids.length));
            row = end == row ? row + 1 : end;
        }
    }

    private static java.util.function.IntToLongFunction firstId(int row) {
        return i -> row + i;
    }

    private void block(int first, int count) {
        int depth = Math.min(texts.distinct(), options.n + 1 + SPARE);
        TopHits[] best = new TopHits[count];
        Arrays.setAll(best, i -> hits(depth));
        index.search(vectors.slice(first, count), best);
        for (int i = 0; i < count; i++) {
            int row = first + i;
            TopHits hits = best[i];
            while (!settle(row, hits)) {
                hits = hits((int) Math.min(texts.distinct(), 4L * hits.k()));
                index.search(vectors.slice(row, 1), hits);
            }
        }
    }

    private TopHits hits(int depth) {
        // Rounding must not decide at the lower bound either.
        return new TopHits(depth).only((float) (least - 2 * rounding), id -> true);
    }

    /// Takes the neighbours of a row from its hits, unless deeper hits could change them.
    private boolean settle(int row, TopHits hits) {
        Candidate[] candidates = new Candidate[hits.size()];
        int count = 0;
        for (int rank = 0; rank < hits.size(); rank++) {
            int other = (int) hits.id(rank);
            if (other != texts.group(row)) {
                candidates[count++] = new Candidate(other, vectors.dot(row, other));
            }
        }
        Arrays.sort(candidates, 0, count, Candidate.ORDER);
        int[] chosen = new int[options.n];
        int size = 0;
        int tooNear = 0;
        double last = Double.NaN;
        for (int i = 0; i < count && size < chosen.length && candidates[i].similarity >= least; i++) {
            if (candidates[i].similarity > most) {
                tooNear++;
            } else {
                chosen[size++] = candidates[i].row;
                last = candidates[i].similarity;
            }
        }
        boolean all = hits.size() < hits.k() || hits.k() >= texts.distinct();
        boolean beyond = size == chosen.length && hits.score(hits.size() - 1) + rounding < last;
        if (!all && !beyond) {
            return false;
        }
        neighbors[row] = Arrays.copyOf(chosen, size);
        nearDuplicates.add(tooNear);
        return true;
    }

    private record Candidate(int row, double similarity) {
        static final Comparator<Candidate> ORDER =
                Comparator.comparingDouble(Candidate::similarity).reversed().thenComparingInt(Candidate::row);
    }

    private Neighborhoods named(List<Task> tasks) {
        Map<String, List<Neighbor>> byTask = new LinkedHashMap<>(tasks.size() * 2);
        for (int row = 0; row < neighbors.length; row++) {
            List<Neighbor> named = new ArrayList<>(neighbors[row].length);
            for (int other : neighbors[row]) {
                named.add(new Neighbor(tasks.get(other).id(), (float) vectors.dot(row, other)));
            }
            byTask.putIfAbsent(tasks.get(row).id(), named);
        }
        return new Neighborhoods(byTask);
    }
}
