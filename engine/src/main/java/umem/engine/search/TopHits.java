package umem.engine.search;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;

/// The best `k` rows of a search, bounded: best first, equal scores by ascending id. It belongs to the caller and may
/// be
/// used for any number of searches, of any index, so that a search allocates nothing.
///
/// While a search runs it is a binary heap whose root is the worst hit (lowest score, then highest id).
///
/// Thread rule: one thread at a time.
public final class TopHits {
    private static final LongPredicate ALL = id -> true;

    private final float[] scores;
    private final long[] ids;
    private final SearchScratch scratch = new SearchScratch();
    private float minScore = Float.NEGATIVE_INFINITY;
    private LongPredicate accepted = ALL;
    private int size;

    /// @param k hits to keep at most, at least 1
    public TopHits(int k) {
        if (k < 1) {
            throw new IllegalArgumentException("k " + k + " is below 1");
        }
        this.scores = new float[k];
        this.ids = new long[k];
    }

    /// What the next searches leave out.
    ///
    /// @param minScore rows below it; [Float#NEGATIVE_INFINITY] for no limit
    /// @param accepted rows whose id it rejects; called under the index's lock, so it must not call the index
    /// @return this
    /// @throws IllegalArgumentException if `minScore` is NaN
    public TopHits only(float minScore, LongPredicate accepted) {
        if (Float.isNaN(minScore)) {
            throw new IllegalArgumentException("minScore is NaN");
        }
        this.minScore = minScore;
        this.accepted = accepted;
        return this;
    }

    /// The most hits it keeps, at least 1.
    public int k() {
        return scores.length;
    }

    /// Hits of the last search, 0 to [#k()].
    public int size() {
        return size;
    }

    /// The id of hit `rank` of the last search, from 0, the best.
    public long id(int rank) {
        return ids[checked(rank)];
    }

    /// The score of hit `rank` of the last search, from 0, the best.
    public float score(int rank) {
        return scores[checked(rank)];
    }

    private int checked(int rank) {
        if (rank < 0 || rank >= size) {
            throw new IndexOutOfBoundsException("hit " + rank + " of " + size);
        }
        return rank;
    }

    /// A copy of the hits, best first.
    public List<Hit> toList() {
        List<Hit> hits = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            hits.add(new Hit(ids[i], scores[i]));
        }
        return List.copyOf(hits);
    }

    /// What a search into these hits may write to meanwhile.
    SearchScratch scratch() {
        return scratch;
    }

    /// The score that a row must reach, see [#only].
    float minScore() {
        return minScore;
    }

    /// Begins a search: no hits.
    void begin() {
        size = 0;
    }

    /// Offers `count` rows: `newScores[from + i]` belongs to `newIds[firstId + i]`.
    void offer(float[] newScores, int from, int count, long[] newIds, int firstId) {
        float threshold = threshold();
        for (int i = 0; i < count; i++) {
            // A tie with the root may still win by its lower id, hence >=. NaN (inf - inf) never passes.
            if (newScores[from + i] >= threshold) {
                offer(newScores[from + i], newIds[firstId + i]);
                threshold = threshold();
            }
        }
    }

    /// Rows below it can no longer become hits.
    float threshold() {
        return size == scores.length ? scores[0] : minScore;
    }

    /// Whether the caller lets a row in at all.
    boolean accepts(long id) {
        return accepted.test(id);
    }

    /// Offers a row of at least the [#threshold()].
    void offer(float score, long id) {
        if ((size == scores.length && !worse(0, score, id)) || !accepted.test(id)) {
            return;
        }
        if (size < scores.length) {
            siftUp(size++, score, id);
        } else {
            siftDown(score, id);
        }
    }

    /// Whether the hit in slot `slot` ranks after (score, id).
    private boolean worse(int slot, float score, long id) {
        return scores[slot] < score || (scores[slot] == score && ids[slot] > id);
    }

    private void siftUp(int from, float score, long id) {
        int slot = from;
        while (slot > 0) {
            int parent = (slot - 1) >> 1;
            if (worse(parent, score, id)) {
                break;
            }
            set(slot, scores[parent], ids[parent]);
            slot = parent;
        }
        set(slot, score, id);
    }

    private void siftDown(float score, long id) {
        int slot = 0;
        while (2 * slot + 1 < size) {
            int child = 2 * slot + 1;
            if (child + 1 < size && worse(child + 1, scores[child], ids[child])) {
                child++;
            }
            if (!worse(child, score, id)) {
                break;
            }
            set(slot, scores[child], ids[child]);
            slot = child;
        }
        set(slot, score, id);
    }

    private void set(int slot, float score, long id) {
        scores[slot] = score;
        ids[slot] = id;
    }

    /// Ends a search: from heap to best first.
    void end() {
        int hits = size;
        while (size > 1) {
            float score = scores[0];
            long id = ids[0];
            size--;
            siftDown(scores[size], ids[size]);
            set(size, score, id);
        }
        size = hits;
    }
}
