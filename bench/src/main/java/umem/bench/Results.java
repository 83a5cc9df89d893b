package umem.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;
import umem.bindings.llama.LlamaLibrary;
import umem.cli.terminal.Json;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Keeps measurements as JSON lines, each with what it was made on: the files in `bench/results`.
public final class Results {
    private Results() {}

    /// Appends a measurement to a file, which is created when needed.
    ///
    /// @param name of the measurement, such as `headroom`
    /// @param result what came out
    /// @throws UmemException of kind STORAGE if the file cannot be written
    public static void append(Path file, String name, ObjectNode result) {
        ObjectNode line = Json.object()
                .put("measurement", name)
                .put("at", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        line.putObject("machine")
                .put("cpu", cpu())
                .put("processors", Runtime.getRuntime().availableProcessors())
                .put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"))
                .put("jdk", Runtime.version().toString())
                .put("llama", LlamaLibrary.VERSION);
        line.set("result", result);
        try {
            Files.writeString(file, Json.line(line) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, file + " cannot be written: " + e.getMessage(), e);
        }
    }

    private static String cpu() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }
}
