package umem.engine.reward;

/// What a candidate bank is worth to one neighbour, against the bank as it is.
///
/// @param successGain `G`, equation (2): 1 if the candidate makes a wrong answer right, -1 if it breaks a right one,
///     else 0
/// @param efficiency `R`, equation (3): the share of the length that is saved where both answers are right, at most 1;
///     negative where the answer grew longer, without bound
public record Utility(double successGain, double efficiency) {
    /// Nothing changes: the same memories are retrieved, so the execution would be the same.
    public static final Utility NONE = new Utility(0, 0);

    /// The paper's utility.
    ///
    /// @param reference the execution on bank `B`
    /// @param augmented the execution on `Apply(B, a)`
    public static Utility of(Outcome reference, Outcome augmented) {
        int gain = (augmented.correct() ? 1 : 0) - (reference.correct() ? 1 : 0);
        boolean both = augmented.correct() && reference.correct();
        // An empty right answer cannot be shortened; the ratio would be 0/0 or worse.
        double efficiency = both && reference.length() > 0 ? 1 - (double) augmented.length() / reference.length() : 0;
        return new Utility(gain, efficiency);
    }

    /// The utility of the published training code, which never punishes: 0 where the augmented answer is wrong, 1 where
    /// only it is right, and the saved share of the length, clipped to 0 and 1, where both are.
    ///
    /// @param without the execution without any memory
    /// @param injected the execution with nothing but the candidate's value
    public static Utility published(Outcome without, Outcome injected) {
        if (!injected.correct()) {
            return NONE;
        }
        if (!without.correct()) {
            return new Utility(1, 0);
        }
        double saved = (without.length() - injected.length()) / (without.length() + 1e-6);
        return new Utility(0, Math.clamp(saved, 0, 1));
    }

    /// `u`, equation (4).
    public double total() {
        return successGain + efficiency;
    }
}
