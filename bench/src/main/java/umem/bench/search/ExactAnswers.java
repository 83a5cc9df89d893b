package umem.bench.search;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import umem.bench.peer.Search;
import umem.bench.peer.SearchIndex;
import umem.bench.peer.Vectors;

/// The nearest rows of some queries, found by brute force in double precision: what everyone's answers are held
/// against.
final class ExactAnswers {
    /// How far a float32 score of unit vectors may lie from the exact one: a row that ties so closely with the last of
    /// the best is as right as that one.
    private static final double TOLERANCE = 2e-6;

    private final Vectors rows;
    private final Vectors queries;
    private final int k;
    /// The score of the last of the best rows, for each query.
    private final double[] last;

    private ExactAnswers(Vectors rows, Vectors queries, int k, double[] last) {
        this.rows = rows;
        this.queries = queries;
        this.k = k;
        this.last = last;
    }

    /// Finds them.
    ///
    /// @param count the first so many queries
    /// @param k at most as many as there are rows
    static ExactAnswers of(Vectors rows, Vectors queries, int count, int k) {
        double[] last = IntStream.range(0, count)
                .parallel()
                .mapToDouble(query -> {
                    double[] scores = new double[rows.count()];
                    float[] values = queries.row(query);
                    for (int row = 0; row < scores.length; row++) {
                        scores[row] = score(values, rows, row);
                    }
                    java.util.Arrays.sort(scores);
                    return scores[scores.length - k];
                })
                .toArray();
        return new ExactAnswers(rows, queries, k, last);
    }

    /// Queries that have an answer.
    int count() {
        return last.length;
    }

    /// How somebody did.
    ///
    /// @param recall the share of the best rows that were found
    /// @param sound whether every answer holds `k` different rows, best first
    /// @param checksum of all answers; the same for the same answers
    record Verdict(double recall, boolean sound, long checksum) {}

    /// Asks for all queries and looks at the answers.
    Verdict judge(SearchIndex index, int batch, int effort) {
        Search search = index.search(batch, effort);
        long[] ids = new long[batch * k];
        java.util.zip.CRC32C checksum = new java.util.zip.CRC32C();
        int found = 0;
        int asked = 0;
        boolean sound = true;
        for (int first = 0; asked < last.length; first += batch) {
            // The last batch is filled up with queries before it.
            int start = Math.max(0, Math.min(first, queries.count() - batch));
            java.util.Arrays.fill(ids, -1);
            search.run(start, ids);
            for (int query = first; query < Math.min(start + batch, last.length); query++, asked++) {
                int hits = hits(query, ids, (query - start) * k);
                sound &= hits >= 0;
                found += Math.max(0, hits);
            }
            checksum.update(java.nio.ByteBuffer.allocate(8 * ids.length).putLong(0, java.util.Arrays.hashCode(ids)));
        }
        return new Verdict((double) found / (last.length * k), sound, checksum.getValue());
    }

    /// How many of an answer's rows belong to the best; -1 if it is no answer at all.
    private int hits(int query, long[] ids, int at) {
        Set<Long> seen = new HashSet<>();
        float[] values = queries.row(query);
        double before = Double.POSITIVE_INFINITY;
        int hits = 0;
        for (int rank = 0; rank < k; rank++) {
            long id = ids[at + rank];
            if (id < 0 || id >= rows.count() || !seen.add(id)) {
                return -1;
            }
            double score = score(values, rows, (int) id);
            if (score > before + TOLERANCE) {
                return -1;
            }
            before = score;
            hits += score >= last[query] - TOLERANCE ? 1 : 0;
        }
        return hits;
    }

    private static double score(float[] query, Vectors rows, int row) {
        double sum = 0;
        for (int i = 0; i < query.length; i++) {
            sum += (double) query[i] * rows.value(row, i);
        }
        return sum;
    }
}
