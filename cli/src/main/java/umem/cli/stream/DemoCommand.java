package umem.cli.stream;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import umem.cli.command.SetupOptions;
import umem.cli.terminal.Terminal;
import umem.engine.task.desk.DeskTasks;
import umem.engine.task.desk.Split;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// `umem demo`: the bundled service-desk tasks, solved with an empty bank and with an evolving one.
@Command(
        name = "demo",
        sortOptions = false,
        description = "Watch a memory evolve on a stream of service-desk cases, and compare it with an empty one.")
public final class DemoCommand implements Runnable {
    /// Further cases of each rule, which lessons are tried out on: as many as the stream has itself.
    private static final int PRACTICE = 6;

    private final Terminal terminal;

    @Option(names = "--tasks", paramLabel = "N", description = "How many cases. Default: ${DEFAULT-VALUE}.")
    private int tasks = 24;

    @Option(
            names = "--split",
            paramLabel = "SPLIT",
            description = "Which rules the cases follow: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private Split split = Split.TEST;

    @Mixin
    private StreamSettings settings = new StreamSettings();

    @Mixin
    private SelectionSettings selection = new SelectionSettings();

    @Mixin
    private SetupOptions setup = new SetupOptions();

    /// @param terminal where the stream is shown
    public DemoCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void run() {
        if (tasks < 1) {
            throw new UmemException(ErrorKind.USAGE, "--tasks " + tasks + " is below 1");
        }
        try {
            DeskTasks.Practised desk = DeskTasks.practised(tasks, settings.seed, split, PRACTICE);
            new StreamRun(terminal, settings, selection, setup)
                    .run(
                            desk.tasks(),
                            desk.practice(),
                            "service desk, split " + split.label() + ", seed " + settings.seed,
                            "demo");
        } catch (IllegalArgumentException e) {
            throw new UmemException(ErrorKind.USAGE, String.valueOf(e.getMessage()), e);
        }
    }
}
