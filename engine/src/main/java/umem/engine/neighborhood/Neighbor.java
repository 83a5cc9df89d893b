package umem.engine.neighborhood;

/// A query `q'` of a semantic neighbourhood `N_N(q)`.
///
/// @param id the task's id
/// @param similarity the cosine of `e(q)` and `e(q')`, -1 to 1; NaN where it was read from a file that does not say
public record Neighbor(String id, float similarity) {}
