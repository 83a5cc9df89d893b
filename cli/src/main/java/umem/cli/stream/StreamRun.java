package umem.cli.stream;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import tools.jackson.databind.node.ObjectNode;
import umem.cli.command.SetupOptions;
import umem.cli.command.Version;
import umem.cli.report.Report;
import umem.cli.terminal.Interrupts;
import umem.cli.terminal.Json;
import umem.cli.terminal.Terminal;
import umem.engine.Engine;
import umem.engine.embedding.Encoder;
import umem.engine.evolution.ActionSelection;
import umem.engine.evolution.Evolution;
import umem.engine.evolution.RunFolder;
import umem.engine.evolution.Summary;
import umem.engine.executor.Executor;
import umem.engine.executor.Prompts;
import umem.engine.language.LocalLanguageModel;
import umem.engine.memory.MemoryBank;
import umem.engine.optimizer.MemOptimizer;
import umem.engine.search.IndexKind;
import umem.engine.task.Task;

/// Runs a stream of tasks from settings to report, for `umem demo` and `umem run`.
final class StreamRun {
    private final Terminal terminal;
    private final StreamSettings settings;
    private final SelectionSettings selection;
    private final SetupOptions setup;

    StreamRun(Terminal terminal, StreamSettings settings, SelectionSettings selection, SetupOptions setup) {
        this.terminal = terminal;
        this.settings = settings;
        this.selection = selection;
        this.setup = setup;
    }

    /// @param tasks the stream
    /// @param pool tasks that lessons are tried out on, where they are
    /// @param source where it came from, in words
    /// @param name begins the name of a new run's folder
    /// @throws UmemException whatever went wrong; what was done is kept
    void run(List<Task> tasks, List<Task> pool, String source, String name) {
        settings.check();
        selection.check();
        Prompts prompts = settings.prompts == null ? Prompts.standard() : Prompts.load(settings.prompts);
        RunFolder folder = new RunFolder(settings.out != null ? settings.out : newFolder(name));
        Path bankFolder = settings.bank != null ? settings.bank.toAbsolutePath().normalize() : folder.file("bank");
        LocalLanguageModel.Options local = new LocalLanguageModel.Options(
                settings.contextLength(),
                settings.sequences,
                settings.threads,
                !setup.isCpuOnly(),
                settings.batchInvariant);
        try (Engine engine = setup.engine(terminal, local);
                Models models = Models.open(engine, settings)) {
            Encoder encoder = models.encoder();
            IndexKind index = IndexKind.parse(settings.index);
            try (MemoryBank bank = MemoryBank.open(
                    bankFolder, encoder, dimension -> index.open(dimension, 1, engine.indexLibraries()))) {
                Executor executor =
                        new Executor(models.executor(), prompts, models.executionCache(), settings.maxTokens);
                MemOptimizer optimizer = new MemOptimizer(
                        models.optimizer(),
                        prompts,
                        new MemOptimizer.Options(
                                settings.lessonTokens,
                                MemOptimizer.Options.defaults().trajectoryTokens(),
                                settings.grammar));
                StreamView view = new StreamView(terminal, settings.json);
                AtomicBoolean stop = new AtomicBoolean();
                Summary summary;
                try (Interrupts.Scope scope = Interrupts.listen(() -> stop.set(true))) {
                    Objects.requireNonNull(scope);
                    ActionSelection chosen = selection.selection(optimizer, executor, encoder, tasks, pool, settings);
                    summary = new Evolution(executor, chosen, encoder, bank, settings.options())
                            .run(tasks, source, folder, bankFolder.toString(), view, stop::get);
                }
                Path report = Report.write(
                        folder, summary, tasks, bank, Version.current().program());
                view.close(summary, report.toString());
                if (settings.json) {
                    ObjectNode object = Json.mapper().valueToTree(summary);
                    terminal.print(Json.line(object.put("report", report.toString())));
                }
            }
        }
    }

    private static Path newFolder(String name) {
        String time = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").format(LocalDateTime.now());
        Path runs = Path.of("runs");
        Path folder = runs.resolve(name + "-" + time);
        for (int i = 2; Files.exists(folder); i++) {
            folder = runs.resolve(name + "-" + time + "-" + i);
        }
        return folder;
    }
}
