package umem.engine.evolution;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import umem.engine.guard.GuardReport;
import umem.engine.reward.CallCount;

/// The running numbers of a stream. One thread at a time.
final class Tally {
    private final boolean[] solvedWithout;
    private final int[] solvedWith;
    private final long[] solvedInEpoch;
    private final long[] stepsInEpoch;
    private final int tasks;
    private long steps;
    private long solved;
    private long solvedByEmptyBank;
    private long won;
    private long lost;
    private long added;
    private long updated;
    private long malformed;
    private long calls;
    private long saved;
    private CallCount groupCalls = CallCount.NONE;
    private long stepCalls;
    private long dropped;
    private long selfJudged;
    private long inspected;
    private long leaks;
    private long quarantined;
    private long boxed;
    private long executions;
    private long tokens;
    private double stepSeconds;
    private double baselineSeconds;

    Tally(int tasks, int epochs) {
        this.tasks = tasks;
        solvedWithout = new boolean[tasks];
        solvedWith = new int[tasks];
        solvedInEpoch = new long[epochs];
        stepsInEpoch = new long[epochs];
    }

    /// @param task position of the task in the file
    void baseline(int task, BaselineAttempt baseline) {
        solvedWithout[task] = baseline.attempt().correct();
        baselineSeconds += baseline.seconds();
        count(baseline.attempt());
    }

    /// @param task position of the task in the file
    void step(int task, Step step) {
        boolean with = step.attempt().correct();
        boolean without = solvedWithout[task];
        steps++;
        solved += with ? 1 : 0;
        solvedByEmptyBank += without ? 1 : 0;
        won += with && !without ? 1 : 0;
        lost += without && !with ? 1 : 0;
        solvedWith[task] += with ? 1 : 0;
        solvedInEpoch[step.epoch()] += with ? 1 : 0;
        stepsInEpoch[step.epoch()]++;
        added += step.edit().added() ? 1 : 0;
        updated += step.edit().updated() ? 1 : 0;
        GroupRecord group = step.group();
        if (group == null) {
            malformed += step.edit().malformed() == null ? 0 : 1;
            tokens += step.edit().completionTokens();
            count(step.guard());
        } else {
            malformed += group.candidates().stream()
                    .filter(candidate -> candidate.malformed() != null)
                    .count();
            tokens += group.completionTokens();
            groupCalls = groupCalls.plus(group.calls());
            dropped += group.dropped().size();
            selfJudged += group.self() ? 1 : 0;
            group.candidates().forEach(candidate -> count(candidate.guard()));
        }
        stepCalls += step.attempt().cached() ? 0 : 1;
        stepSeconds += step.seconds();
        count(step.attempt());
    }

    private void count(@Nullable GuardReport report) {
        if (report != null) {
            inspected++;
            leaks += report.leak().isLeak() ? 1 : 0;
            quarantined += report.quarantined() ? 1 : 0;
        }
    }

    private void count(Attempt attempt) {
        executions++;
        boxed += attempt.answer() == null ? 0 : 1;
        if (attempt.cached()) {
            saved++;
        } else {
            calls++;
            tokens += attempt.completionTokens();
        }
    }

    boolean solvedWithout(int task) {
        return solvedWithout[task];
    }

    Metrics metrics(Step last) {
        return new Metrics(
                last.step(),
                last.epoch(),
                (double) solved / steps,
                (double) solvedByEmptyBank / steps,
                (double) solvedInEpoch[last.epoch()] / stepsInEpoch[last.epoch()],
                last.bankSize(),
                tokens,
                stepSeconds);
    }

    /// Once every task went through every epoch.
    Summary summary(RunConfig config, RunFolder folder, int memories) {
        int epochs = solvedInEpoch.length;
        double[] differences = new double[tasks];
        for (int i = 0; i < tasks; i++) {
            differences[i] = (double) solvedWith[i] / epochs - (solvedWithout[i] ? 1 : 0);
        }
        PairedInterval interval = PairedInterval.of(differences);
        List<Double> epochAccuracy = new ArrayList<>(epochs);
        for (long right : solvedInEpoch) {
            epochAccuracy.add((double) right / tasks);
        }
        return new Summary(
                tasks,
                steps,
                (double) solvedByEmptyBank / steps,
                (double) solved / steps,
                List.of(interval.low(), interval.high()),
                won,
                lost,
                epochAccuracy,
                (double) boxed / executions,
                "ground truth",
                memories,
                added,
                updated,
                malformed,
                calls + groupCalls.run(),
                saved + groupCalls.fromCache(),
                tasks + steps + groupCalls.needed(),
                (double) (stepCalls + groupCalls.run()) / steps,
                new Summary.Saved(
                        saved + groupCalls.fromCache(),
                        groupCalls.unchangedRetrieval(),
                        groupCalls.duplicateCandidate()),
                dropped,
                selfJudged,
                inspected == 0 ? 0 : (double) leaks / inspected,
                quarantined,
                tokens,
                baselineSeconds + stepSeconds,
                config.bank(),
                folder.path().toString(),
                config.executor(),
                config.optimizer(),
                config.encoder());
    }
}
