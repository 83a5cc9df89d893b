package umem.engine.task.desk;

/// What it takes to apply the rules of a family.
public enum FamilyKind {
    /// Compare a number with a threshold.
    THRESHOLD,
    /// Find a number's place between two thresholds.
    BAND,
    /// Look up a keyword.
    LOOK_UP,
    /// Know which day, month or hour it is.
    CALENDAR,
    /// Compose a code from its parts.
    CODE,
    /// Compute an amount or a date.
    SUM,
    /// Combine two conditions.
    COMBINATION,
    /// Tell the exception from the general case.
    EXCEPTION,
    /// Look into the letters or digits of a word.
    LETTERS
}
