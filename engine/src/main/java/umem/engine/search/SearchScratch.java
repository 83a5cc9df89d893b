package umem.engine.search;

import java.util.Arrays;

/// The arrays that a search writes to on its way, kept from search to search so that a warm one allocates nothing.
/// They belong to the caller's [TopHits], hence to one thread at a time.
final class SearchScratch {
    private float[] queries = {};
    private float[] scores = {};
    private float[] sums = {};
    private final CodedQuery coded = new CodedQuery();

    /// So many zeros, for the padded query or queries.
    float[] queries(int length) {
        if (queries.length == length) {
            Arrays.fill(queries, 0);
        } else {
            queries = new float[length];
        }
        return queries;
    }

    /// Scores of a chunk.
    float[] scores() {
        if (scores.length == 0) {
            scores = new float[RowStore.ROWS];
        }
        return scores;
    }

    /// What the methods of [SearchKernels] need.
    float[] sums() {
        if (sums.length == 0) {
            sums = new float[SearchKernels.SCRATCH];
        }
        return sums;
    }

    /// The query of a search that reads codes.
    CodedQuery coded() {
        return coded;
    }
}
