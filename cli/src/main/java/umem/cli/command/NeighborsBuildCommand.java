package umem.cli.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import umem.cli.terminal.Json;
import umem.cli.terminal.Terminal;
import umem.engine.Encoders;
import umem.engine.Engine;
import umem.engine.embedding.Encoder;
import umem.engine.language.LocalLanguageModel;
import umem.engine.neighborhood.LemmaCheck;
import umem.engine.neighborhood.NeighborhoodSearch;
import umem.engine.neighborhood.NeighborhoodStatistics;
import umem.engine.neighborhood.PublishedNeighborhoods;
import umem.engine.neighborhood.TaskVectors;
import umem.engine.search.IndexKind;
import umem.engine.search.VectorIndex;
import umem.engine.task.PublishedRow;
import umem.engine.task.Task;
import umem.engine.task.TaskReader;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// `umem neighbors build`: tasks in, their semantic neighbourhoods out.
@Command(
        name = "build",
        description = "Find the neighbours of every task and write them to a file, one task a line.",
        sortOptions = false)
public final class NeighborsBuildCommand implements Runnable {
    /// `K` of spec section 2.
    private static final int TOP_K = 3;

    /// Tasks that `--check` looks at: with 3 neighbours 60,000 searches, some minutes over 100,000 tasks.
    private static final int CHECKED = 10_000;

    private final Terminal terminal;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--tasks",
            paramLabel = "FILE",
            required = true,
            description = "Tasks: *.jsonl, *.jsonl.gz, or *.parquet in the published form.")
    private Path tasksFile;

    @Option(names = "--n", paramLabel = "N", description = "Neighbours of a task. Default: ${DEFAULT-VALUE}.")
    private int n = 3;

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "File to write.")
    private Path out;

    @Option(
            names = "--format",
            paramLabel = "FORM",
            description =
                    "neighborhoods (default): ids and similarities, which umem reads; published: whole tasks with the"
                            + " columns similar_queries, similar_choices and similar_gt, as JSON lines.")
    private Format format = Format.NEIGHBORHOODS;

    @Option(
            names = "--encoder",
            paramLabel = "REF",
            description =
                    "The model: " + Encoders.STANDARD + " (default), a GGUF file, or hf:owner/repository/file.gguf.")
    private @Nullable String reference;

    @Option(
            names = "--vectors",
            paramLabel = "FILE",
            description =
                    "Take the embeddings from a file that `umem embed --output` wrote from the questions, instead of an"
                            + " encoder.")
    private @Nullable Path vectorsFile;

    @Option(
            names = "--max-similarity",
            paramLabel = "X",
            description =
                    "Above this cosine a task is a near-duplicate and no neighbour; 1 keeps all but repeats. Default:"
                            + " ${DEFAULT-VALUE}.")
    private double maxSimilarity = NeighborhoodSearch.NEAR_DUPLICATE;

    @Option(
            names = "--min-similarity",
            paramLabel = "X",
            description = "Below this cosine a task is no neighbour. Default: no bound.")
    private double minSimilarity = -1;

    @Option(names = "--threads", paramLabel = "N", description = "CPU threads, 1 to 512. Default: ${DEFAULT-VALUE}.")
    private int threads = Math.min(16, Runtime.getRuntime().availableProcessors());

    @Option(
            names = "--index",
            paramLabel = "KIND",
            description = "What searches: auto (default), flat, int8, bf16, cuda, or faiss:FACTORY, which may miss a"
                    + " neighbour.")
    private String index = "auto";

    @Option(
            names = "--check",
            description =
                    "Also check Lemma 3.1 on these embeddings, and how often neighbours retrieve the same memories.")
    private boolean check;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Mixin
    private SetupOptions setup;

    /// What is written.
    enum Format {
        NEIGHBORHOODS,
        PUBLISHED
    }

    /// @param terminal receives the summary on standard output
    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    public NeighborsBuildCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void run() {
        NeighborhoodSearch.Options options = options();
        IndexKind kind = IndexKind.parse(index);
        long start = System.nanoTime();
        List<Task> tasks = TaskReader.read(tasksFile);
        requireWritable();
        if (format == Format.PUBLISHED) {
            // What does not fit is better known before the tasks are embedded than after.
            tasks.forEach(task -> new PublishedRow(task, List.of()).write());
        }
        try (Engine engine = setup.engine(terminal, new LocalLanguageModel.Options(1, 1, threads, true));
                TaskVectors vectors = vectors(engine, tasks);
                VectorIndex searched = kind.open(vectors.dimension(), 1, engine.indexLibraries())) {
            long searching = System.nanoTime();
            NeighborhoodSearch.Result result = NeighborhoodSearch.run(
                    tasks, vectors, searched, options, done -> progress("searched", done, tasks));
            long found = System.nanoTime();
            LemmaCheck lemma = check
                    ? LemmaCheck.run(
                            tasks,
                            vectors,
                            searched,
                            result.neighborhoods(),
                            TOP_K,
                            CHECKED,
                            threads,
                            done -> progress("checked", done, tasks))
                    : null;
            if (format == Format.PUBLISHED) {
                PublishedNeighborhoods.write(tasks, result.neighborhoods(), out);
            } else {
                result.neighborhoods().write(out);
            }
            terminal.clearStatus();
            NeighborsReport report = new NeighborsReport(
                    result,
                    NeighborhoodStatistics.of(result.neighborhoods()),
                    lemma,
                    searched.description(),
                    seconds(start, searching),
                    seconds(searching, found),
                    seconds(start, System.nanoTime()),
                    out);
            terminal.print(json ? Json.line(report.json()) : report.text());
        }
    }

    private NeighborhoodSearch.Options options() {
        if (reference != null && vectorsFile != null) {
            throw new ParameterException(spec.commandLine(), "give either --encoder or --vectors");
        }
        if (threads < 1 || threads > 512) {
            throw new ParameterException(spec.commandLine(), "--threads " + threads + " is not in 1 to 512");
        }
        try {
            return new NeighborhoodSearch.Options(n, minSimilarity, maxSimilarity, threads);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(), e.getMessage() + " (--n, --min-similarity, --max-similarity)");
        }
    }

    private void requireWritable() {
        if (Files.isDirectory(out)) {
            throw new UmemException(ErrorKind.USAGE, "--out " + out + " is a folder");
        }
        Path folder = out.toAbsolutePath().getParent();
        if (folder != null && !Files.isDirectory(folder)) {
            throw new UmemException(ErrorKind.STORAGE, "--out " + out + ": there is no folder " + folder);
        }
        try {
            if (Files.exists(out)
                    && (Files.isSameFile(out, tasksFile)
                            || (vectorsFile != null && Files.isSameFile(out, vectorsFile)))) {
                throw new UmemException(ErrorKind.USAGE, "--out " + out + " is one of the files to read");
            }
        } catch (IOException e) {
            // What can't be compared is told when it can't be read.
        }
    }

    private TaskVectors vectors(Engine engine, List<Task> tasks) {
        if (vectorsFile != null) {
            return TaskVectors.read(vectorsFile, tasks.size());
        }
        Encoder encoder = engine.encoder(reference == null ? Encoders.STANDARD : reference);
        return TaskVectors.encode(tasks, encoder, done -> progress("embedded", done, tasks));
    }

    private void progress(String what, int done, List<Task> tasks) {
        terminal.status(String.format(Locale.ROOT, "%s %,d of %,d tasks", what, done, tasks.size()));
    }

    private static double seconds(long from, long to) {
        return (to - from) / 1e9;
    }
}
