package umem.bench.peer;

/// The best rows of a scan, for peers that have kernels but no scan: a min-heap with a threshold, as cheap as ours, so
/// that the kernels are what is compared. For one thread.
public final class TopRows {
    private final float[] scores;
    private final int[] rows;
    private int size;

    /// @param k rows to keep, at least 1
    public TopRows(int k) {
        scores = new float[k];
        rows = new int[k];
    }

    /// Begins a scan.
    public void clear() {
        size = 0;
    }

    /// What a row must beat.
    public float threshold() {
        return size == scores.length ? scores[0] : Float.NEGATIVE_INFINITY;
    }

    /// Takes a row if it is among the best.
    public void offer(int row, float score) {
        if (size < scores.length) {
            int slot = size++;
            while (slot > 0 && scores[(slot - 1) >> 1] > score) {
                set(slot, (slot - 1) >> 1);
                slot = (slot - 1) >> 1;
            }
            scores[slot] = score;
            rows[slot] = row;
        } else if (score > scores[0]) {
            sink(row, score, size);
        }
    }

    /// Writes the rows, best first, and forgets them.
    ///
    /// @param ids receives them from place `at` on
    public void drain(long[] ids, int at) {
        for (int end = size - 1; end >= 0; end--) {
            ids[at + end] = rows[0];
            sink(rows[end], scores[end], end);
        }
        size = 0;
    }

    private void sink(int row, float score, int end) {
        int slot = 0;
        while (2 * slot + 1 < end) {
            int child = 2 * slot + 1;
            if (child + 1 < end && scores[child + 1] < scores[child]) {
                child++;
            }
            if (scores[child] >= score) {
                break;
            }
            set(slot, child);
            slot = child;
        }
        scores[slot] = score;
        rows[slot] = row;
    }

    private void set(int to, int from) {
        scores[to] = scores[from];
        rows[to] = rows[from];
    }
}
