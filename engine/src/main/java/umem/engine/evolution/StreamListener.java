package umem.engine.evolution;

import umem.engine.task.Task;

/// Hears how a stream goes on, on the thread that runs it. Must not throw.
public interface StreamListener {
    /// Another task was solved with an empty bank.
    ///
    /// @param done tasks solved so far, those of an earlier, interrupted run included
    /// @param total tasks in all
    void baseline(int done, int total);

    /// A step begins.
    ///
    /// @param step from 0
    /// @param total steps in all
    void begins(long step, long total, Task task);

    /// A step is done and on disk.
    ///
    /// @param total steps in all
    /// @param solvedWithout whether the same task was solved with an empty bank
    void done(Step step, long total, Task task, boolean solvedWithout);

    /// Hears nothing.
    static StreamListener silent() {
        return new StreamListener() {
            @Override
            public void baseline(int done, int total) {}

            @Override
            public void begins(long step, long total, Task task) {}

            @Override
            public void done(Step step, long total, Task task, boolean solvedWithout) {}
        };
    }
}
