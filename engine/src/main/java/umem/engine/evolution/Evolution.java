package umem.engine.evolution;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import umem.engine.embedding.Encoder;
import umem.engine.executor.Executor;
import umem.engine.executor.Trajectory;
import umem.engine.memory.BankEvent;
import umem.engine.memory.MemoryAction;
import umem.engine.memory.MemoryBank;
import umem.engine.memory.MemoryEntry;
import umem.engine.memory.Provenance;
import umem.engine.memory.RetrievedMemory;
import umem.engine.task.Task;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Online memory evolution: tasks come one after another; each is solved with what the bank holds and scored, then the
/// Mem-Optimizer edits the bank before the next one (spec, section 8). With an untrained Mem-Optimizer this is the
/// paper's "No Train"; the same tasks with an empty bank, "No Memory", are solved first to compare with.
///
/// Everything that happened is in the [RunFolder] and the bank when a step ends, so a run that was interrupted in any
/// way goes on with the very step that was under way. One thread at a time; owns nothing it is given.
public final class Evolution {
    private final Executor executor;
    private final ActionSelection selection;
    private final Encoder encoder;
    private final MemoryBank bank;
    private final StreamOptions options;

    /// @param bank open for writing; may hold entries already, which are then part of the stream from its first step
    /// @param selection decides what becomes of the bank after each task
    public Evolution(
            Executor executor, ActionSelection selection, Encoder encoder, MemoryBank bank, StreamOptions options) {
        this.executor = executor;
        this.selection = selection;
        this.encoder = encoder;
        this.bank = bank;
        this.options = options;
    }

    /// Runs the stream, or goes on with one that was interrupted.
    ///
    /// @param tasks the tasks, ids unique, at least one
    /// @param source where they came from, in words
    /// @param folder the run's folder; one that holds a run of the same configuration is continued
    /// @param bankName how the configuration names the bank
    /// @param stop asked before every task; when it says true the run stops where nothing is lost
    /// @return the closing numbers
    /// @throws UmemException INTERRUPTED when `stop` said so; INPUT if the folder holds another run or the bank was
    ///     changed by somebody else since; whatever the models or the disk fail with. The run can be continued
    public Summary run(
            List<Task> tasks,
            String source,
            RunFolder folder,
            String bankName,
            StreamListener listener,
            BooleanSupplier stop) {
        Map<String, Integer> positions = new HashMap<>();
        for (Task task : tasks) {
            if (positions.put(task.id(), positions.size()) != null) {
                throw new UmemException(ErrorKind.INPUT, "the task id " + task.id() + " occurs twice");
            }
        }
        RunConfig config = folder.begin(new RunConfig(
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                source,
                tasks.size(),
                RunConfig.sha256(tasks),
                executor.name(),
                executor.fingerprint(),
                selection.optimizer().name(),
                selection.optimizer().fingerprint(),
                selection.fingerprint(),
                encoder.name(),
                encoder.fingerprint(),
                options,
                bankName,
                bank.sequence()));
        Tally tally = new Tally(tasks.size(), options.epochs());
        solveWithoutMemory(tasks, positions, folder, tally, listener, stop);
        Summary summary = evolve(tasks, positions, folder, config, tally, listener, stop);
        folder.finish(summary);
        return summary;
    }

    private void solveWithoutMemory(
            List<Task> tasks,
            Map<String, Integer> positions,
            RunFolder folder,
            Tally tally,
            StreamListener listener,
            BooleanSupplier stop) {
        int[] done = {0};
        try (JsonLines lines = folder.baselineLines(line -> {
            tally.baseline(positions.getOrDefault(line.task(), 0), line);
            done[0]++;
        })) {
            Deque<CompletableFuture<Trajectory>> running = new ArrayDeque<>();
            int submitted = done[0];
            long before = System.nanoTime();
            try {
                while (done[0] < tasks.size()) {
                    requireGoingOn(stop, folder);
                    // As many as the model works on, and as many again so that it never waits for us.
                    while (submitted < tasks.size() && running.size() < 2 * executor.parallelism()) {
                        running.add(executor.submit(tasks.get(submitted++), List.of()));
                    }
                    Trajectory trajectory = Executor.await(running.remove());
                    long now = System.nanoTime();
                    BaselineAttempt attempt =
                            new BaselineAttempt(tasks.get(done[0]).id(), Attempt.of(trajectory), seconds(before, now));
                    before = now;
                    lines.append(attempt);
                    tally.baseline(done[0]++, attempt);
                    listener.baseline(done[0], tasks.size());
                }
            } finally {
                running.forEach(future -> future.cancel(true));
            }
        }
    }

    private Summary evolve(
            List<Task> tasks,
            Map<String, Integer> positions,
            RunFolder folder,
            RunConfig config,
            Tally tally,
            StreamListener listener,
            BooleanSupplier stop) {
        long total = (long) tasks.size() * options.epochs();
        List<Metrics> curve = new ArrayList<>();
        int[] drawn = {0};
        @Nullable Step[] last = {null};
        try (JsonLines events = folder.events(step -> {
                    tally.step(positions.getOrDefault(step.task(), 0), step);
                    curve.add(tally.metrics(step));
                    last[0] = step;
                });
                JsonLines metrics = folder.metricsLines(line -> drawn[0]++)) {
            // A kill between the two files leaves the curve behind the steps that it is derived from.
            if (drawn[0] > curve.size()) {
                metrics.clear();
                drawn[0] = 0;
            }
            curve.subList(drawn[0], curve.size()).forEach(metrics::append);
            long next = last[0] == null ? 0 : last[0].step() + 1;
            int[] order = StreamOrder.of(tasks.size(), (int) (next / tasks.size()), options);
            if (next < total) {
                takeUp(
                        last[0] == null ? config.bankStart() : last[0].bankSequence(),
                        next,
                        tasks.get(order[(int) (next % tasks.size())]));
            }
            for (long number = next; number < total; number++) {
                int epoch = (int) (number / tasks.size());
                int index = (int) (number % tasks.size());
                if (index == 0) {
                    order = StreamOrder.of(tasks.size(), epoch, options);
                }
                int position = order[index];
                Task task = tasks.get(position);
                requireGoingOn(stop, folder);
                listener.begins(number, total, task);
                Step step = step(number, epoch, task);
                events.append(step);
                tally.step(position, step);
                metrics.append(tally.metrics(step));
                listener.done(step, total, task, tally.solvedWithout(position));
            }
        }
        return tally.summary(config, folder, bank.size());
    }

    private Step step(long number, int epoch, Task task) {
        long begin = System.nanoTime();
        List<RetrievedMemory> memories = bank.retrieve(encoder.encode(task.question()), options.retrieval(task.id()));
        Trajectory trajectory = executor.execute(task, memories);
        ActionSelection.Choice choice = selection.choose(trajectory, bank, number);
        bank.recordUse(memories);
        MemoryAction action = choice.proposal().action();
        MemoryEntry committed = null;
        if (choice.commit() && action != null) {
            committed = bank.apply(
                    action,
                    memories,
                    task.question(),
                    choice.reward(),
                    new Provenance(
                            task.id(),
                            trajectory.sha256(),
                            executor.fingerprint(),
                            selection.optimizer().fingerprint(),
                            number,
                            Instant.now()));
        }
        bank.sync();
        return new Step(
                number,
                epoch,
                task.id(),
                Attempt.of(trajectory),
                trajectory.reply(),
                memories.stream().map(Step.Shown::of).toList(),
                Step.Edit.of(choice.proposal(), committed),
                choice.guard(),
                choice.group(),
                bank.sequence(),
                bank.size(),
                seconds(begin, System.nanoTime()));
    }

    /// Makes the bank what it was after the last recorded step. A kill between the commit and the record leaves the
    /// bank one step ahead; that step is taken back and done again.
    private void takeUp(long expected, long next, Task task) {
        if (bank.sequence() == expected) {
            return;
        }
        if (bank.sequence() < expected
                || !bank.eventsAfter(expected).stream().allMatch(e -> isOf(e, task.id(), next))) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    "the bank was changed since this run was interrupted (its last event is " + bank.sequence()
                            + ", the run left it at " + expected
                            + "); roll it back with `umem bank rollback`, or begin a new run in another folder");
        }
        bank.rollback(expected);
    }

    /// Whether an event was made by this step, or by taking it back.
    private static boolean isOf(BankEvent event, String taskId, long step) {
        return switch (event) {
            case BankEvent.Added added -> isOf(added.entry(), taskId, step);
            case BankEvent.Updated updated -> isOf(updated.entry(), taskId, step);
            case BankEvent.Used used -> true;
            case BankEvent.RolledBack back -> true;
            case BankEvent.Imported imported -> false;
        };
    }

    private static boolean isOf(MemoryEntry entry, String taskId, long step) {
        return entry.provenance().taskId().equals(taskId) && entry.provenance().step() == step;
    }

    private static void requireGoingOn(BooleanSupplier stop, RunFolder folder) {
        if (stop.getAsBoolean()) {
            throw new UmemException(
                    ErrorKind.INTERRUPTED, "interrupted; everything done so far is in " + folder.path());
        }
    }

    private static double seconds(long from, long to) {
        return (to - from) / 1e9;
    }
}
