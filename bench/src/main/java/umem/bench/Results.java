package umem.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
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
        append(file, name, result, Map.of());
    }

    /// [#append(Path, String, ObjectNode)] of a measurement beside others.
    ///
    /// @param versions of the libraries that took part, by name
    /// @throws UmemException of kind STORAGE if the file cannot be written
    public static void append(Path file, String name, ObjectNode result, Map<String, String> versions) {
        ObjectNode line = Json.object()
                .put("measurement", name)
                .put("at", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        ObjectNode machine = line.putObject("machine");
        machine.put("cpu", cpu())
                .put("processors", Runtime.getRuntime().availableProcessors())
                .put("gpu", gpu())
                .put("memory_gib", memory())
                .put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"))
                .put("jdk", Runtime.version().toString())
                .put("llama", LlamaLibrary.VERSION);
        ArrayNode flags = machine.putArray("flags");
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith("-X") || flag.contains("vector"))
                .forEach(flags::add);
        if (!versions.isEmpty()) {
            ObjectNode libraries = machine.putObject("libraries");
            versions.forEach(libraries::put);
        }
        line.set("result", result);
        try {
            Files.writeString(file, Json.line(line) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, file + " cannot be written: " + e.getMessage(), e);
        }
    }

    private static String cpu() {
        String name = field(Path.of("/proc/cpuinfo"), "model name");
        return name == null ? "unknown" : name;
    }

    /// The first NVIDIA GPU's name, null where there is none.
    private static @Nullable String gpu() {
        try (Stream<Path> folders = Files.list(Path.of("/proc/driver/nvidia/gpus"))) {
            return folders.map(folder -> field(folder.resolve("information"), "Model"))
                    .filter(Objects::nonNull)
                    .findFirst()
                    .orElse(null);
        } catch (IOException e) {
            return null;
        }
    }

    private static long memory() {
        String total = field(Path.of("/proc/meminfo"), "MemTotal");
        return total == null ? 0 : Math.round(Long.parseLong(total.replaceAll("[^0-9]", "")) / 1024.0 / 1024);
    }

    private static @Nullable String field(Path file, String name) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(null);
        } catch (IOException e) {
            return null;
        }
    }
}
