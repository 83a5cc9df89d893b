package umem.engine.search;

import java.util.Arrays;

/// The arrays that a search writes to on its way, kept from search to search so that a warm one allocates nothing.
/// They belong to the caller's [TopHits], hence to one thread at a time.
final class SearchScratch {
    private float[] query = {};
    private float[] scores = {};
    private float[] sums = {};

    /// The query, padded with zeros.
    ///
    /// @param dimension values of it that the caller overwrites
    /// @param stride its length
    float[] query(int dimension, int stride) {
        if (query.length != stride) {
            query = new float[stride];
        } else {
            Arrays.fill(query, dimension, stride, 0);
        }
        return query;
    }

    /// Scores of a chunk.
    float[] scores() {
        if (scores.length == 0) {
            scores = new float[RowStore.ROWS];
        }
        return scores;
    }

    /// What [SearchKernels#scores] needs.
    float[] sums() {
        if (sums.length == 0) {
            sums = new float[SearchKernels.SCRATCH];
        }
        return sums;
    }
}
