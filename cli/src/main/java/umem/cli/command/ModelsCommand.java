package umem.cli.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import umem.cli.terminal.Json;
import umem.cli.terminal.Terminal;
import umem.engine.Encoders;
import umem.engine.embedding.Pooling;
import umem.engine.embedding.convert.BertConverter;
import umem.engine.embedding.convert.OnnxSource;
import umem.engine.embedding.convert.TensorType;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.ByteCount;
import umem.provision.Provision;
import umem.provision.Provisioned;

/// `umem models`: what the lock file names, and what is done with it.
@Command(
        name = "models",
        description = "List, fetch, verify and convert models and libraries; without a subcommand: list.",
        synopsisSubcommandLabel = "[list | fetch | verify | convert]",
        sortOptions = false)
public final class ModelsCommand implements Runnable {
    private final Terminal terminal;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    /// @param terminal receives lists and results on standard output
    public ModelsCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void run() {
        list(json);
    }

    @Command(name = "list", description = "List what the lock file names, and whether it is here.")
    void listCommand(@Option(names = "--json", description = "Print JSON.") boolean listJson) {
        list(json || listJson);
    }

    private void list(boolean asJson) {
        List<Provisioned> inventory = new SetupOptions().provision(terminal).inventory();
        if (!asJson) {
            terminal.print(
                    String.format(Locale.ROOT, "%-28s %-12s %8s  %-7s  %s", "NAME", "KIND", "SIZE", "HERE", "LICENCE"));
            for (Provisioned item : inventory) {
                terminal.print(String.format(
                        Locale.ROOT,
                        "%-28s %-12s %8s  %-7s  %s",
                        item.name(),
                        item.kind(),
                        item.size() == 0 ? "" : ByteCount.format(item.size()),
                        item.present() ? "yes" : "no",
                        item.licence()));
            }
            return;
        }
        ObjectNode object = Json.object();
        ArrayNode models = object.putArray("models");
        for (Provisioned item : inventory) {
            models.addObject()
                    .put("name", item.name())
                    .put("version", item.version())
                    .put("kind", item.kind())
                    .put("sha256", item.sha256())
                    .put("size", item.size())
                    .put("licence", item.licence())
                    .put("path", item.path().toString())
                    .put("present", item.present());
        }
        terminal.print(Json.line(object));
    }

    /// `umem models fetch`.
    @Command(
            name = "fetch",
            description = "Fetch models by their names in the list, or files of the hub; an encoder is converted too.")
    void fetch(
            @Parameters(
                            arity = "1..*",
                            paramLabel = "NAME",
                            description = "A name of the list, or hf:owner/repository/file.")
                    List<String> names,
            @Mixin SetupOptions setup,
            @Option(names = "--json", description = "Print JSON.") boolean fetchJson) {
        Provision provision = setup.provision(terminal);
        List<Provisioned> inventory = provision.inventory();
        for (String name : names) {
            if (!name.startsWith("hf:")
                    && inventory.stream().noneMatch(i -> i.name().equals(name) && i.sha256() != null)) {
                throw new UmemException(
                        ErrorKind.USAGE,
                        "nothing is called \"" + name + "\"; see `umem models list`, or name hf:owner/repository/file");
            }
        }
        for (String name : names) {
            Path path = inventory.stream()
                    .filter(i -> i.name().equals(name))
                    .findFirst()
                    .map(i -> i.kind().equals("encoder") ? Encoders.file(provision, name) : provision.artifact(name))
                    .orElseGet(() -> provision.model(name));
            terminal.print(
                    json || fetchJson
                            ? Json.line(Json.object().put("name", name).put("path", path.toString()))
                            : name + " " + path);
        }
    }

    /// `umem models verify`.
    @Command(name = "verify", description = "Read everything that is here in full and compare its checksum.")
    int verify(@Option(names = "--json", description = "Print JSON.") boolean verifyJson) {
        List<String> problems = new SetupOptions().provision(terminal).verify();
        if (json || verifyJson) {
            ObjectNode object = Json.object().put("ok", problems.isEmpty());
            problems.forEach(object.putArray("problems")::add);
            terminal.print(Json.line(object));
        } else {
            problems.forEach(terminal::print);
            terminal.print(problems.isEmpty() ? "all is well" : "what is damaged is fetched again at its next use");
        }
        return problems.isEmpty() ? 0 : ErrorKind.STORAGE.exitCode();
    }

    /// `umem models convert`.
    @Command(name = "convert", description = "Make a GGUF file of a BERT encoder in ONNX form.", sortOptions = false)
    void convert(
            @Parameters(
                            paramLabel = "SOURCE",
                            description = "A folder or jar with the .onnx file and tokenizer.json, an .onnx file with"
                                    + " tokenizer.json beside it, or " + Encoders.STANDARD + ".")
                    String source,
            @Option(names = "--output", required = true, paramLabel = "FILE", description = "The GGUF file to write.")
                    Path output,
            @Option(
                            names = "--pooling",
                            description = "How the model was trained to be read, as its card says: cls or mean."
                                    + " Needed unless the model is a BGE (cls).")
                    @Nullable
                    Pooling pooling,
            @Option(
                            names = "--type",
                            defaultValue = "f32",
                            description = "What the matrices are kept as: f32 (default), or f16 for half the size.")
                    TensorType type,
            @Mixin SetupOptions setup,
            @Option(names = "--json", description = "Print JSON.") boolean convertJson) {
        OnnxSource onnx = OnnxSource.find(
                source.equals(Encoders.STANDARD) ? setup.provision(terminal).artifact(source) : Path.of(source));
        boolean bge = onnx.name().toLowerCase(Locale.ROOT).startsWith("bge-");
        Pooling chosen = pooling == null && bge ? Pooling.CLS : pooling;
        if (chosen == null || chosen == Pooling.LAST) {
            throw new UmemException(
                    ErrorKind.USAGE, "--pooling is to be cls or mean for " + onnx.name() + ": its card says which");
        }
        write(onnx, chosen, type, output.toAbsolutePath());
        if (json || convertJson) {
            terminal.print(Json.line(Json.object()
                    .put("name", onnx.name())
                    .put("pooling", chosen.name().toLowerCase(Locale.ROOT))
                    .put("type", type.name().toLowerCase(Locale.ROOT))
                    .put("output", output.toString())));
        } else {
            terminal.print(output.toString());
        }
    }

    private void write(OnnxSource onnx, Pooling pooling, TensorType type, Path output) {
        Path folder = output.getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new UmemException(ErrorKind.STORAGE, "no folder " + folder + " to write " + output + " in");
        }
        EmbedCommand.requireReplaceable(output);
        Path temporary = output.resolveSibling(output.getFileName() + ".part");
        try {
            Files.deleteIfExists(temporary);
            terminal.status("converting " + onnx.name());
            BertConverter.convert(onnx, pooling, type, temporary);
            Files.move(temporary, output, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, "converting to " + output + " failed: " + e, e);
        } finally {
            temporary.toFile().delete();
        }
    }
}
