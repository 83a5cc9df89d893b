package umem.engine.task.desk;

import java.util.function.Function;

/// A kind of case of the desk, of which rules can be drawn.
///
/// @param name lower case with dashes, unique
/// @param kind what it takes to apply its rules
/// @param use where its rules occur
/// @param rules draws a rule
record Family(String name, FamilyKind kind, Use use, Function<Draw, Rule> rules) {
    /// Where the rules of a family occur.
    enum Use {
        /// In the default mix of the training, validation and test splits.
        MIX,
        /// In the default mix of the split of families never seen in training.
        UNSEEN,
        /// Only when asked for by name: the default executor cannot do it even with the rule at hand.
        BEYOND
    }
}
