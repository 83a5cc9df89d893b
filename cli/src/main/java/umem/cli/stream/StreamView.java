package umem.cli.stream;

import java.util.Locale;
import umem.cli.report.Intervals;
import umem.cli.terminal.Terminal;
import umem.cli.terminal.Terminal.Style;
import umem.engine.evolution.Step;
import umem.engine.evolution.StreamListener;
import umem.engine.evolution.Summary;
import umem.engine.task.Task;

/// A stream as the user sees it: a line a task, and a table at the end. Lines are data unless JSON is asked for, which
/// then has standard output for itself.
final class StreamView implements StreamListener {
    /// Width of a line where there is no terminal.
    private static final int LOG_COLUMNS = 120;

    private final Terminal terminal;
    private final boolean json;
    private boolean headed;

    StreamView(Terminal terminal, boolean json) {
        this.terminal = terminal;
        this.json = json;
    }

    @Override
    public void baseline(int done, int total) {
        String line = "empty bank: " + done + " of " + total + " tasks";
        if (terminal.live()) {
            terminal.status(line);
        } else if (done == total || done % Math.max(1, total / 10) == 0) {
            terminal.log(line);
        }
    }

    @Override
    public void begins(long step, long total, Task task) {
        terminal.status("task " + (step + 1) + " of " + total + ": " + oneLine(task.question()));
    }

    @Override
    public void done(Step step, long total, Task task, boolean solvedWithout) {
        if (!headed) {
            headed = true;
            line("   task  solved with empty bank -> evolving bank, memories shown, what became of the bank");
        }
        boolean solved = step.attempt().correct();
        String head = String.format(
                Locale.ROOT,
                "%" + Long.toString(total).length() + "d/%d  %s -> %s  %d shown  %-11s  ",
                step.step() + 1,
                total,
                mark(solvedWithout),
                mark(solved),
                step.retrieved().size(),
                step.edit().label());
        int room = Math.max(24, (terminal.live() ? terminal.columns() : LOG_COLUMNS) - 2 - plain(head));
        String text = oneLine(
                step.edit().malformed() != null
                        ? "malformed: " + step.edit().malformed()
                        : String.join(" ", step.edit().values()));
        line(head + (text.length() <= room ? text : text.substring(0, room - 3) + "..."));
    }

    /// Prints the closing table.
    void close(Summary summary, String report) {
        row("", "empty bank", "evolving bank", "");
        row(
                "accuracy",
                Intervals.percent(summary.accuracyNoMemory()),
                Intervals.percent(summary.accuracyWithMemory()),
                Intervals.points(summary.accuracyWithMemory() - summary.accuracyNoMemory()) + " points, 95 % interval "
                        + Intervals.points(summary.ci95()) + ", n = " + summary.tasks());
        row(
                "solved",
                Long.toString(Math.round(summary.accuracyNoMemory() * summary.steps())),
                Long.toString(Math.round(summary.accuracyWithMemory() * summary.steps())),
                "won " + summary.won() + ", lost " + summary.lost());
        row(
                "memories",
                "0",
                Integer.toString(summary.memories()),
                summary.added() + " added, " + summary.updated() + " updates, " + summary.malformed() + " malformed");
        if (summary.epochAccuracy().size() > 1) {
            row(
                    "by epoch",
                    "",
                    "",
                    String.join(
                            ", ",
                            summary.epochAccuracy().stream()
                                    .map(Intervals::percent)
                                    .toList()));
        }
        line(String.format(
                Locale.ROOT,
                "executor calls %,d, saved by the cache %,d; tokens generated %,d; %.1f s",
                summary.executorCalls(),
                summary.executorCallsSaved(),
                summary.tokensGenerated(),
                summary.seconds()));
        if (summary.saved().unchangedRetrieval() + summary.saved().duplicateCandidate() + summary.selfJudged() > 0
                || summary.executorCallsNeeded() > summary.tasks() + summary.steps()) {
            line(String.format(
                    Locale.ROOT,
                    "judged on neighbours: %.1f calls a task of %,d needed in all; saved by unchanged retrieval %,d, by"
                            + " equal outputs %,d; neighbours dropped %,d; judged on itself %,d",
                    summary.callsPerQuery(),
                    summary.executorCallsNeeded(),
                    summary.saved().unchangedRetrieval(),
                    summary.saved().duplicateCandidate(),
                    summary.droppedNeighbours(),
                    summary.selfJudged()));
        }
        line(String.format(
                Locale.ROOT,
                "lessons that give their task away %s; quarantined %,d",
                Intervals.percent(summary.leakRate()),
                summary.quarantined()));
        line("bank    " + summary.bank());
        line("run     " + summary.run());
        line("report  " + report);
    }

    private void row(String name, String without, String with, String note) {
        line(String.format(Locale.ROOT, "%-10s %12s %14s   %s", name, without, with, note)
                .stripTrailing());
    }

    private void line(String text) {
        if (json) {
            terminal.log(text);
        } else {
            terminal.print(text);
        }
    }

    private String mark(boolean solved) {
        Style style = solved ? Style.GREEN : Style.RED;
        String mark = solved ? "yes" : " no";
        return json ? terminal.logStyle(style, mark) : terminal.style(style, mark);
    }

    private static int plain(String text) {
        return text.replaceAll("\u001b\\[[0-9;]*m", "").length();
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s+", " ").strip();
    }
}
