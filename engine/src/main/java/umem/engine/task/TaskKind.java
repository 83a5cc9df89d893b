package umem.engine.task;

/// The shape of a task, which decides the executor's prompt and how an answer is matched (spec, section 2).
public enum TaskKind {
    /// Options are listed; the answer is a 0-based index, its letter, or the text of the option.
    MULTIPLE_CHOICE,
    /// A free-form final result: a number, a fraction, an expression.
    MATHS,
    /// A short text, possibly with a context block to read it from.
    QUESTION_ANSWERING
}
