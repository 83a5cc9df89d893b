package umem.bench.search;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import umem.bench.measure.Memory;
import umem.bench.measure.Output;
import umem.bench.measure.Rounds;
import umem.bench.measure.Watch;
import umem.bench.peer.Peers;
import umem.bench.peer.SearchEngine;
import umem.bindings.blas.Blas;
import umem.bindings.faiss.FaissLibrary;
import umem.bindings.llama.LlamaLibrary;
import umem.cli.terminal.SetupProgress;
import umem.cli.terminal.Terminal;
import umem.engine.Encoders;
import umem.engine.embedding.Encoder;
import umem.provision.Accelerator;
import umem.provision.FileWriter;
import umem.provision.Provision;

/// `umem bench search`: how fast the engine's indexes are beside their peers and beside the machine's limit, and
/// whether
/// what they find is right.
@Command(
        name = "search",
        description = "Measure vector search beside FAISS, Lucene, JVector and the memory's bandwidth.",
        sortOptions = false)
public final class SearchBenchCommand implements Runnable {
    private static final int MAX_ROWS = 50_000_000;
    private static final int MAX_CHECKED = 100;
    private static final int MIN_CHECKED = 8;
    /// Products that the reference may take: some 20 seconds of a core.
    private static final long REFERENCE_BUDGET = 40_000_000_000L;

    private final Terminal terminal;
    private final Supplier<Encoder> encoder;
    private final BiFunction<String, FileWriter, Path> kept;
    private final Function<Consumer<String>, List<SearchEngine>> peers;

    @Spec
    private CommandSpec spec;

    @Option(names = "--rows", defaultValue = "100000", description = "Rows to search (default: ${DEFAULT-VALUE}).")
    private int rows;

    @Option(names = "--dim", defaultValue = "384", description = "Values a row (default: ${DEFAULT-VALUE}).")
    private int dimension;

    @Option(names = "--k", defaultValue = "10", description = "Rows to find a query (default: ${DEFAULT-VALUE}).")
    private int k;

    @Option(
            names = "--threads",
            defaultValue = "1",
            description = "Searches at the same time, each on its own thread (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(
            names = "--rounds",
            defaultValue = "7",
            description = "Rounds, of which the median counts (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--cases",
            split = ",",
            paramLabel = "NAME",
            description = "Only these cases; --cases list names them.")
    private List<String> wanted = new ArrayList<>();

    @Option(
            names = "--real",
            paramLabel = "FILE",
            description = "Search embeddings of this file's lines, or of its questions and sentences (.jsonl), "
                    + "instead of made-up vectors.")
    private @Nullable Path real;

    @Option(
            names = "--record",
            paramLabel = "FILE",
            description = "Also append the results and the machine to this file, one JSON object a line.")
    private @Nullable Path recordFile;

    @Option(names = "--json", description = "Print one JSON object a line.")
    private boolean json;

    /// @param terminal receives the results on standard output, progress on standard error
    /// @param encoder opens what embeds real texts
    /// @param kept finds their embeddings by name, or has them written
    /// @param peers finds whom to compare with; its argument hears who is absent, and why
    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    SearchBenchCommand(
            Terminal terminal,
            Supplier<Encoder> encoder,
            BiFunction<String, FileWriter, Path> kept,
            Function<Consumer<String>, List<SearchEngine>> peers) {
        this.terminal = terminal;
        this.encoder = encoder;
        this.kept = kept;
        this.peers = peers;
    }

    /// The command as users have it: whoever is on this machine takes part.
    public static SearchBenchCommand standard(Terminal terminal) {
        Provision provision = Provision.standard(SetupProgress.on(terminal));
        Supplier<Encoder> encoder = () -> Encoders.open(
                provision,
                LlamaLibrary.load(provision.libraries(Accelerator.CPU)),
                Encoders.STANDARD,
                Runtime.getRuntime().availableProcessors());
        BiFunction<String, FileWriter, Path> kept =
                (name, writer) -> provision.derived("bench-embeddings", name, writer);
        return new SearchBenchCommand(terminal, encoder, kept, report -> {
            List<SearchEngine> all = new ArrayList<>(FaissBuilds.find(provision, report));
            if (Blas.installed().isEmpty()) {
                report.accept("absent: openblas-sgemm: " + Blas.absence());
            }
            Peers folder = Peers.standard();
            if (!folder.absent().isEmpty()) {
                report.accept("absent: lucene, jvector: " + folder.absent());
            }
            all.addAll(folder.search());
            return all;
        });
    }

    @Override
    public void run() {
        check();
        List<String> known = SearchCases.names();
        if (wanted.equals(List.of("list"))) {
            known.forEach(terminal::print);
            return;
        }
        Set<String> unknown = new java.util.LinkedHashSet<>(wanted);
        known.forEach(unknown::remove);
        if (!unknown.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "no case is called " + unknown + "; there are " + known);
        }
        try (Watch watch = new Watch(terminal);
                SearchData data = data(watch)) {
            measure(data, watch);
        }
    }

    private void check() {
        requireIn("--rows", rows, Math.max(k, 64), MAX_ROWS);
        requireIn("--dim", dimension, 1, 65_536);
        requireIn("--k", k, 1, 1000);
        requireIn("--threads", threads, 1, 512);
        requireIn("--rounds", rounds, 1, 1000);
    }

    private void requireIn(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(
                    spec.commandLine(), option + " " + value + " is not in " + least + " to " + most);
        }
    }

    private SearchData data(Watch watch) {
        watch.begin("data");
        if (real == null) {
            Memory.require(
                    "--rows " + rows + " --dim " + dimension,
                    SearchCases.nativeBytes(rows, dimension),
                    SearchCases.heapBytes(rows, dimension));
            watch.check("drawing " + rows + " rows");
            return SearchData.clustered(rows, dimension);
        }
        List<String> texts = RealVectors.texts(real);
        try (Encoder opened = encoder.get();
                Arena arena = Arena.ofConfined()) {
            return SearchData.split(RealVectors.of(real, texts, opened, kept, watch::check, arena));
        }
    }

    private void measure(SearchData data, Watch watch) {
        watch.check("finding the right answers in double precision");
        long products = (long) data.rows().count() * data.rows().dimension();
        int checked =
                (int) Math.min(data.distinct(), Math.clamp(REFERENCE_BUDGET / products, MIN_CHECKED, MAX_CHECKED));
        SearchRun run = new SearchRun(
                data.rows(),
                data.queries(),
                ExactAnswers.of(data.rows(), data.queries(), checked, k),
                k,
                threads,
                new Rounds(rounds, threads == 1 ? Rounds.Clock.THREAD : Rounds.Clock.WALL, watch),
                line -> terminal.log("bench: " + line));
        List<SearchEngine> engines = peers.apply(run.report());
        Map<String, String> versions = new LinkedHashMap<>();
        engines.forEach(engine -> versions.put(engine.name(), engine.version()));
        Output output = new Output(terminal, "search", json, recordFile, versions);
        FaissLibrary faiss = engines.stream()
                .filter(FaissEngine.class::isInstance)
                .map(engine -> ((FaissEngine) engine).library())
                .reduce((slower, faster) -> faster)
                .orElse(null);
        if (faiss == null) {
            run.report().accept("absent: the cases ivf and hnsw: they need FAISS");
        }
        for (SearchCase each : SearchCases.all(engines, faiss)) {
            if (wanted.isEmpty() || wanted.contains(each.name())) {
                watch.begin(each.name());
                output.accept(each.run(run));
            }
        }
        output.end();
    }
}
