package umem.bench.headroom;

import java.util.Locale;

/// What an executor is given to remember while it solves a task.
public enum Setting {
    /// Nothing.
    NO_MEMORY,
    /// The rule that decides the task, as a person would write it down.
    TRUE_RULE,
    /// That rule and two rules of other clusters, in random order: what a good bank would give it.
    TRUE_RULE_AMONG_OTHERS,
    /// The desk's reply to a wrong answer in one other case of the cluster, word for word: what a bank that distils
    /// nothing would give it.
    NEIGHBOUR_FEEDBACK;

    /// The name in JSON: `no_memory`, `true_rule`, `true_rule_among_others`, `neighbour_feedback`.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
