package umem.engine.search;

/// One result of a search.
///
/// @param id the row's stable id, as given to [VectorIndex#add]
/// @param score the inner product of query and row; a cosine when both have unit length
public record Hit(long id, float score) {}
