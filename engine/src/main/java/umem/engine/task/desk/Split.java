package umem.engine.task.desk;

/// Which rules a stream draws from. No rule occurs in two splits: a rule's text decides its split (see
/// [DeskTasks#split(String)]), and the families of [#TEST_UNSEEN] occur nowhere else.
public enum Split {
    /// Rules to train a Mem-Optimizer on.
    TRAIN,
    /// Rules to choose settings on.
    VALIDATION,
    /// New rules of the families that occur in training.
    TEST,
    /// Rules of families that do not occur in training at all.
    TEST_UNSEEN;

    /// The name in task ids and on the command line: `train`, `validation`, `test`, `test-unseen`.
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
}
