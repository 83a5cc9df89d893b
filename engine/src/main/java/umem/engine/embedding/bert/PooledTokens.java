package umem.engine.embedding.bert;

/// The tokens of a text whose states are wanted.
public enum PooledTokens {
    FIRST,
    LAST,
    ALL
}
