package umem.engine.reward;

/// What a candidate action is judged on.
public enum RewardMode {
    /// The paper: `Apply(B, a)` against `B` on the semantic neighbourhood, with real retrieval in both.
    PAPER,
    /// The published training code, for comparison: the value alone in the prompt against no memory at all, on the
    /// neighbourhood, never negative.
    PUBLISHED,
    /// The paper's ablation without neighbourhood: as [#PAPER], on the query itself.
    SELF
}
