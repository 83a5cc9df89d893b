package umem.cli.command;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import umem.cli.terminal.Json;
import umem.cli.terminal.Terminal;
import umem.engine.Encoders;
import umem.engine.Engine;
import umem.engine.embedding.Encoder;
import umem.engine.language.LocalLanguageModel;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// `umem embed`: texts in, embeddings out. Streams: memory does not grow with the input.
@Command(
        name = "embed",
        description = "Turn texts into unit vectors, one JSON object a line, or raw float32 with --output.",
        sortOptions = false)
public final class EmbedCommand implements Runnable {
    /// Rows are written out in groups of this size.
    private static final int GROUP = 64;

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
            description = "Embed each line of this UTF-8 file; - is standard input.")
    private @Nullable String input;

    @Option(
            names = "--output",
            paramLabel = "FILE",
            description = "Write rows of float32 (little-endian) to this file, and only a summary to standard output.")
    private @Nullable Path output;

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
            throw new ParameterException(
                    spec.commandLine(), "give either texts, or a file of lines with --input (- for standard input)");
        }
        if (threads < 1 || threads > 512) {
            throw new ParameterException(spec.commandLine(), "--threads " + threads + " is not in 1 to 512");
        }
        try (BufferedReader lines = input == null ? null : open(input)) {
            try (Engine engine = setup.engine(terminal, new LocalLanguageModel.Options(1, 1, threads, true))) {
                Encoder encoder = engine.encoder(reference);
                if (output == null) {
                    embed(encoder, lines, new JsonSink(encoder));
                } else {
                    toFile(encoder, lines, output);
                }
            }
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, "reading " + input + " failed: " + e.getMessage(), e);
        }
    }

    private BufferedReader open(String name) throws IOException {
        var decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        try {
            InputStream stream = name.equals("-") ? standardInput : Files.newInputStream(Path.of(name));
            return new BufferedReader(new InputStreamReader(stream, decoder));
        } catch (NoSuchFileException e) {
            throw new UmemException(ErrorKind.INPUT, "no file " + name + " to read texts from", e);
        }
    }

    /// Where rows go.
    private interface Sink {
        void accept(List<String> texts, MemorySegment rows) throws IOException;
    }

    private long embed(Encoder encoder, @Nullable BufferedReader lines, Sink sink) throws IOException {
        long done = 0;
        long start = System.nanoTime();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rows = arena.allocate(ValueLayout.JAVA_FLOAT, (long) GROUP * encoder.dimension());
            for (List<String> group = next(lines, 0); !group.isEmpty(); group = next(lines, done)) {
                encoder.encode(group, rows);
                sink.accept(group, rows.asSlice(0, 4L * group.size() * encoder.dimension()));
                done += group.size();
                double seconds = (System.nanoTime() - start) / 1e9;
                terminal.status(String.format(Locale.ROOT, "embedded %d texts, %.0f a second", done, done / seconds));
                if (terminal.out().checkError()) {
                    throw new UmemException(ErrorKind.STORAGE, "standard output is closed or full");
                }
            }
        }
        terminal.clearStatus();
        return done;
    }

    private List<String> next(@Nullable BufferedReader lines, long done) throws IOException {
        if (lines == null) {
            int from = (int) Math.min(done, texts.size());
            return texts.subList(from, Math.min(from + GROUP, texts.size()));
        }
        List<String> group = new ArrayList<>(GROUP);
        try {
            for (String line = ""; group.size() < GROUP; group.add(line)) {
                line = lines.readLine();
                if (line == null) {
                    break;
                }
            }
        } catch (CharacterCodingException e) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    (input == null ? "input" : input) + ", after line " + done + ": not UTF-8; convert it first",
                    e);
        }
        return group;
    }

    private void toFile(Encoder encoder, @Nullable BufferedReader lines, Path file) {
        requireReplaceable(file);
        Path temporary = file.resolveSibling(file.getFileName() + ".part");
        try {
            long rows;
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                rows = embed(encoder, lines, (group, segment) -> {
                    var bytes = segment.asByteBuffer().order(ByteOrder.nativeOrder());
                    while (bytes.hasRemaining()) {
                        channel.write(bytes);
                    }
                });
            }
            Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
            terminal.print(Json.line(Json.object()
                    .put("rows", rows)
                    .put("dimension", encoder.dimension())
                    .put("encoder", encoder.name())
                    .put("fingerprint", encoder.fingerprint())
                    .put("output", file.toString())));
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, "embedding to " + file + " failed: " + e, e);
        } finally {
            temporary.toFile().delete();
        }
    }

    /// A finished file takes the place of what has its name; a folder or a device is not to be lost that way.
    static void requireReplaceable(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new UmemException(ErrorKind.USAGE, "--output " + file + " is no file that could be replaced");
        }
    }

    private final class JsonSink implements Sink {
        private final int dimension;

        JsonSink(Encoder encoder) {
            this.dimension = encoder.dimension();
        }

        @Override
        public void accept(List<String> group, MemorySegment rows) {
            for (int i = 0; i < group.size(); i++) {
                ObjectNode object = Json.object();
                if (json) {
                    object.put("text", group.get(i));
                }
                ArrayNode embedding = object.putArray("embedding");
                for (int j = 0; j < dimension; j++) {
                    embedding.add(rows.getAtIndex(ValueLayout.JAVA_FLOAT, (long) i * dimension + j));
                }
                terminal.print(Json.line(object));
            }
        }
    }
}
