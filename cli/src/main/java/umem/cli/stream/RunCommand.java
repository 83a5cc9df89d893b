package umem.cli.stream;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import umem.cli.command.SetupOptions;
import umem.cli.terminal.Terminal;
import umem.engine.task.Task;
import umem.engine.task.TaskReader;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// `umem run`: the tasks of a file, solved with an empty bank and with an evolving one.
@Command(
        name = "run",
        sortOptions = false,
        description = "Let a memory evolve on a stream of your tasks, and compare it with an empty one.")
public final class RunCommand implements Runnable {
    private final Terminal terminal;

    @Option(
            names = "--tasks",
            required = true,
            paramLabel = "FILE",
            description = "The tasks: JSON lines (.jsonl, .jsonl.gz) or the published Parquet form (.parquet).")
    private @Nullable Path tasks;

    @Option(names = "--limit", paramLabel = "N", description = "Take the first N tasks only.")
    private int limit = Integer.MAX_VALUE;

    @Mixin
    private StreamSettings settings = new StreamSettings();

    @Option(
            names = "--neighbors-from",
            paramLabel = "FILE",
            description = "With best-of: tasks that lessons are tried out on. Default: the other tasks of --tasks.")
    private @Nullable Path neighborsFrom;

    @Mixin
    private SelectionSettings selection = new SelectionSettings();

    @Mixin
    private SetupOptions setup = new SetupOptions();

    /// @param terminal where the stream is shown
    public RunCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void run() {
        if (limit < 1) {
            throw new UmemException(ErrorKind.USAGE, "--limit " + limit + " is below 1");
        }
        Path file = java.util.Objects.requireNonNull(tasks);
        List<Task> all = TaskReader.read(file);
        new StreamRun(terminal, settings, selection, setup)
                .run(
                        all.subList(0, Math.min(limit, all.size())),
                        neighborsFrom == null ? all : TaskReader.read(neighborsFrom),
                        file.toAbsolutePath().normalize().toString(),
                        "run");
    }
}
