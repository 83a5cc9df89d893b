package umem.bindings.faiss;

/// The results of a batch of queries.
///
/// @param k results a query: what was asked for, or the rows in the index where they are fewer
/// @param ids `queries * k` ids, query by query, best first; -1 where a score was no number because it overflowed
/// @param scores `queries * k` inner products in the same order
public record FaissHits(int k, long[] ids, float[] scores) {}
