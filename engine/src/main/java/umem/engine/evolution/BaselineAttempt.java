package umem.engine.evolution;

/// A task solved with an empty bank: a line of `baseline.jsonl`.
///
/// @param task id of the task
/// @param attempt how it went
/// @param seconds since the attempt before, as several run side by side
public record BaselineAttempt(String task, Attempt attempt, double seconds) {}
