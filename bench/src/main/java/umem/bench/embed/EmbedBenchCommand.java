package umem.bench.embed;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import umem.bench.measure.Output;
import umem.bench.measure.Rounds;
import umem.bench.measure.Watch;
import umem.bench.peer.EncoderEngine;
import umem.bench.peer.Peers;
import umem.bindings.llama.LlamaLibrary;
import umem.bindings.llama.Model;
import umem.bindings.llama.ModelOptions;
import umem.cli.terminal.SetupProgress;
import umem.cli.terminal.Terminal;
import umem.engine.Encoders;
import umem.engine.embedding.Encoder;
import umem.engine.embedding.LlamaEncoder;
import umem.provision.Accelerator;
import umem.provision.Provision;

/// `umem bench embed`: how many texts a second the default encoder embeds beside ONNX Runtime and LangChain4j with the
/// same weights, and whether the embeddings agree.
@Command(
        name = "embed",
        description = "Measure the default encoder beside ONNX Runtime and LangChain4j with the same weights.",
        sortOptions = false)
public final class EmbedBenchCommand implements Runnable {
    private static final int SAMPLES = 32;
    private static final int MAX_TOKENS = 512;

    private final Terminal terminal;
    private final Provision provision;
    private final Supplier<Peers> peers;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--tokens",
            split = ",",
            paramLabel = "N",
            defaultValue = "20,200",
            description = "Tokens a text, 3 to 512 (default: ${DEFAULT-VALUE}).")
    private List<Integer> tokens = new ArrayList<>();

    @Option(
            names = "--batch",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,16",
            description = "Texts a call, 1 to 32 (default: ${DEFAULT-VALUE}).")
    private List<Integer> batches = new ArrayList<>();

    @Option(
            names = "--threads",
            split = ",",
            paramLabel = "N",
            defaultValue = "1",
            description = "Threads that compute (default: ${DEFAULT-VALUE}).")
    private List<Integer> threads = new ArrayList<>();

    @Option(
            names = "--rounds",
            defaultValue = "7",
            description = "Rounds, of which the median counts (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--record",
            paramLabel = "FILE",
            description = "Also append the results and the machine to this file, one JSON object a line.")
    private @Nullable Path recordFile;

    @Option(names = "--json", description = "Print one JSON object a line.")
    private boolean json;

    /// @param terminal receives the results on standard output, progress on standard error
    /// @param provision where libraries and the encoder come from
    /// @param peers finds whom to compare with
    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    EmbedBenchCommand(Terminal terminal, Provision provision, Supplier<Peers> peers) {
        this.terminal = terminal;
        this.provision = provision;
        this.peers = peers;
    }

    /// The command as users have it: whoever is on this machine takes part.
    public static EmbedBenchCommand standard(Terminal terminal) {
        return new EmbedBenchCommand(terminal, Provision.standard(SetupProgress.on(terminal)), Peers::standard);
    }

    @Override
    public void run() {
        tokens.forEach(value -> requireIn("--tokens", value, 3, MAX_TOKENS));
        batches.forEach(value -> requireIn("--batch", value, 1, SAMPLES));
        threads.forEach(value -> requireIn("--threads", value, 1, 512));
        requireIn("--rounds", rounds, 1, 1000);
        Path gguf = Encoders.file(provision, Encoders.STANDARD);
        Path jar = provision.artifact(Encoders.STANDARD);
        LlamaLibrary library = LlamaLibrary.load(provision.libraries(Accelerator.CPU));
        Peers found = peers.get();
        if (!found.absent().isEmpty()) {
            report("absent: onnxruntime, langchain4j: " + found.absent());
        }
        found.encoders().forEach(engine -> report(engine.name() + ": " + engine.terms()));
        try (Watch watch = new Watch(terminal);
                Model model = Model.load(library, gguf, ModelOptions.cpu())) {
            Map<Integer, SampleTexts> samples = new LinkedHashMap<>();
            tokens.forEach(n -> samples.put(n, SampleTexts.draw(model.vocabulary(), SAMPLES, n)));
            Map<String, String> versions = new LinkedHashMap<>();
            found.encoders().forEach(engine -> versions.put(engine.name(), engine.version()));
            Output output = new Output(terminal, "embed", json, recordFile, versions);
            for (int count : threads) {
                measure(watch, output, samples, count, n -> embedders(library, gguf, jar, found.encoders(), n));
            }
            output.end();
        }
    }

    private void measure(
            Watch watch,
            Output output,
            Map<Integer, SampleTexts> samples,
            int count,
            Function<Integer, List<Embedder>> open) {
        watch.begin("opening encoders with " + count + " threads");
        List<Embedder> embedders = open.apply(count);
        try {
            for (SampleTexts texts : samples.values()) {
                for (int batch : batches) {
                    EmbedCase each = new EmbedCase(texts, batch, count);
                    watch.begin(each.name());
                    output.accept(each.run(embedders, new Rounds(rounds, Rounds.Clock.WALL, watch), this::report));
                }
            }
        } finally {
            embedders.forEach(Embedder::close);
        }
    }

    /// Ours, then the peers, the judge last: ONNX Runtime where it is, else llama.cpp.
    private List<Embedder> embedders(
            LlamaLibrary library, Path gguf, Path jar, List<EncoderEngine> engines, int count) {
        List<Embedder> opened = new ArrayList<>();
        try {
            Encoder standard = Encoders.open(provision, library, Encoders.STANDARD, count);
            opened.add(Embedder.own(standard instanceof LlamaEncoder ? "llama.cpp" : "umem", standard));
            if (!(standard instanceof LlamaEncoder)) {
                opened.add(Embedder.own("llama.cpp", LlamaEncoder.open(library, gguf, count)));
            }
            for (EncoderEngine engine : engines.reversed()) {
                try {
                    opened.add(Embedder.peer(engine, engine.open(jar, count)));
                } catch (RuntimeException | LinkageError e) {
                    // Somebody else's code: whatever it throws, the others can still be measured.
                    report("absent: " + engine.name() + ": " + Peers.reason(e));
                }
            }
            return opened;
        } catch (Throwable e) {
            opened.forEach(Embedder::close);
            throw e;
        }
    }

    private void report(String line) {
        terminal.log("bench: " + line);
    }

    private void requireIn(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(
                    spec.commandLine(), option + " " + value + " is not in " + least + " to " + most);
        }
    }
}
