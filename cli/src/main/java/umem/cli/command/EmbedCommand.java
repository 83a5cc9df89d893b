package umem.cli.command;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;
import umem.cli.terminal.Interrupts;
import umem.cli.terminal.Json;
import umem.cli.terminal.Terminal;
import umem.engine.Encoders;
import umem.engine.Engine;
import umem.engine.embedding.Encoder;
import umem.engine.embedding.cache.CachedEncoder;
import umem.engine.embedding.stream.EmbeddingStream;
import umem.engine.embedding.stream.RowFile;
import umem.engine.embedding.stream.RowSink;
import umem.engine.embedding.stream.TextLines;
import umem.engine.embedding.stream.TextSource;
import umem.engine.language.LocalLanguageModel;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// `umem embed`: texts in, embeddings out. Streams: memory does not grow with the input, and an output file that was
/// cut
/// off is gone on with.
@Command(
        name = "embed",
        description = "Turn texts into unit vectors: one JSON object a line, or a file of float32 with --output.",
        sortOptions = false)
public final class EmbedCommand implements Runnable {
    private final Terminal terminal;
    private final InputStream standardInput;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--encoder",
            paramLabel = "REF",
            defaultValue = Encoders.STANDARD,
            description = "The model: ${DEFAULT-VALUE} (default), a GGUF file, or hf:owner/repository/file.gguf.")
    private String reference;

    @Option(
            names = "--input",
            paramLabel = "FILE",
            description =
                    "Embed each line of this UTF-8 file, empty ones too; - is standard input, and a name that ends"
                            + " in .gz is decompressed.")
    private @Nullable String input;

    @Option(
            names = "--output",
            paramLabel = "FILE",
            description = "Write rows of float32 (little-endian) to this file, for numpy.load where its name ends in"
                    + " .npy, and only a summary to standard output.")
    private @Nullable Path output;

    @Option(
            names = "--resume",
            description = "Go on with an --output that was cut off; from the beginning where there is none.")
    private boolean resume;

    @Option(
            names = "--cache",
            description = "Take over what was embedded before with this option or by other commands, and remember what"
                    + " is embedded now.")
    private boolean cache;

    @Option(names = "--json", description = "Also repeat each text in its JSON object.")
    private boolean json;

    @Option(names = "--threads", paramLabel = "N", description = "CPU threads, 1 to 512. Default: ${DEFAULT-VALUE}.")
    private int threads = Math.min(16, Runtime.getRuntime().availableProcessors());

    @Mixin
    private SetupOptions setup;

    @Parameters(arity = "0..*", paramLabel = "TEXT", description = "Texts to embed.")
    private List<String> texts = new ArrayList<>();

    /// @param terminal receives the embeddings on standard output
    /// @param standardInput read with `--input -`
    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    public EmbedCommand(Terminal terminal, InputStream standardInput) {
        this.terminal = terminal;
        this.standardInput = standardInput;
    }

    @Override
    public void run() {
        if (texts.isEmpty() == (input == null)) {
            throw misused("give either texts, or a file of lines with --input (- for standard input)");
        }
        if (resume && (input == null || output == null)) {
            throw misused("--resume goes on with a file: give --input and --output");
        }
        if (threads < 1 || threads > 512) {
            throw misused("--threads " + threads + " is not in 1 to 512");
        }
        if (output != null) {
            requireReplaceable(output);
        }
        try (TextLines lines = input == null ? null : lines(input);
                Engine engine = setup.engine(terminal, new LocalLanguageModel.Options(1, 1, threads, true))) {
            Encoder encoder = cache ? engine.encoder(reference) : engine.uncachedEncoder(reference);
            if (output == null) {
                toStandardOutput(encoder, lines);
            } else {
                toFile(encoder, lines, output);
            }
        }
    }

    private ParameterException misused(String problem) {
        return new ParameterException(spec.commandLine(), problem);
    }

    /// A finished file takes the place of what has its name; a folder or a device is not to be lost that way.
    static void requireReplaceable(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new UmemException(ErrorKind.USAGE, "--output " + file + " is no file that could be replaced");
        }
    }

    private TextLines lines(String name) {
        return name.equals("-") ? TextLines.of(standardInput, "standard input") : TextLines.open(Path.of(name));
    }

    private void toStandardOutput(Encoder encoder, @Nullable TextLines lines) {
        EmbeddingStream.Result result = embed(
                encoder, lines, new JsonRows(terminal, encoder.dimension(), json), new EmbedProgress(terminal, lines));
        if (!result.complete()) {
            throw new UmemException(ErrorKind.INTERRUPTED, "interrupted after " + result.rows() + " texts");
        }
    }

    private void toFile(Encoder encoder, @Nullable TextLines lines, Path file) {
        try (RowFile rows =
                resume && lines != null ? RowFile.resume(file, encoder, lines) : RowFile.create(file, encoder, lines)) {
            long resumed = rows.rows();
            EmbedProgress progress = new EmbedProgress(terminal, lines);
            EmbeddingStream.Result result = embed(encoder, lines, rows, progress);
            if (!result.complete()) {
                throw new UmemException(
                        ErrorKind.INTERRUPTED,
                        "interrupted after " + rows.rows() + " texts"
                                + (lines == null || rows.rows() == 0 ? "" : "; go on with --resume"));
            }
            rows.finish();
            ObjectNode summary = Json.object()
                    .put("rows", rows.rows())
                    .put("resumed_at", resumed)
                    .put("dimension", encoder.dimension())
                    .put("seconds", progress.seconds())
                    .put("texts_per_second", progress.rate(result.rows()))
                    .put("threads", threads);
            if (encoder instanceof CachedEncoder cached) {
                summary.put("cache_hits", cached.statistics().hits());
            }
            terminal.print(Json.line(summary.put("encoder", encoder.name())
                    .put("fingerprint", encoder.fingerprint())
                    .put("output", file.toString())));
        }
    }

    private EmbeddingStream.Result embed(
            Encoder encoder, @Nullable TextLines lines, RowSink sink, EmbedProgress progress) {
        AtomicBoolean stop = new AtomicBoolean();
        try (Interrupts.Scope scope = Interrupts.listen(() -> stop.set(true))) {
            Objects.requireNonNull(scope);
            TextSource source = lines == null ? TextSource.of(texts) : lines;
            return new EmbeddingStream(encoder, stop::get, progress::show).run(source, sink);
        } finally {
            terminal.clearStatus();
        }
    }
}
