package umem.engine.search;

import java.util.Arrays;
import java.util.List;
import java.util.function.LongPredicate;

/// The best `k` hits seen so far: a binary heap whose root is the worst of them (lowest score, then highest id).
final class TopHits {
    private final float[] scores;
    private final long[] ids;
    private final float minScore;
    private final LongPredicate accepted;
    private int size;

    TopHits(int k, float minScore, LongPredicate accepted) {
        this.scores = new float[k];
        this.ids = new long[k];
        this.minScore = minScore;
        this.accepted = accepted;
    }

    /// Offers `count` rows: `newScores[i]` belongs to `newIds[firstId + i]`.
    void offer(float[] newScores, int count, long[] newIds, int firstId) {
        float threshold = threshold();
        for (int i = 0; i < count; i++) {
            // A tie with the root may still win by its lower id, hence >=. NaN (inf - inf) never passes.
            if (newScores[i] >= threshold) {
                offer(newScores[i], newIds[firstId + i]);
                threshold = threshold();
            }
        }
    }

    private float threshold() {
        return size == scores.length ? scores[0] : minScore;
    }

    private void offer(float score, long id) {
        if (size == scores.length && !worse(0, score, id) || !accepted.test(id)) {
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

    /// The hits, best first, equal scores by ascending id.
    List<Hit> sorted() {
        Hit[] hits = new Hit[size];
        for (int i = 0; i < size; i++) {
            hits[i] = new Hit(ids[i], scores[i]);
        }
        Arrays.sort(
                hits,
                (a, b) -> a.score() == b.score() ? Long.compare(a.id(), b.id()) : Float.compare(b.score(), a.score()));
        return List.of(hits);
    }
}
