package umem.engine.evolution;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The folder of a run. It can be looked into at any moment, and after any interruption the run goes on from it.
///
/// | file | what it holds |
/// | --- | --- |
/// | `config.json` | [RunConfig], written once |
/// | `baseline.jsonl` | a [BaselineAttempt] a task, with an empty bank |
/// | `events.jsonl` | a [Step] a line: everything that was shown, said and decided |
/// | `metrics.jsonl` | a [Metrics] a step: the curves |
/// | `summary.json` | [Summary], once the run is complete |
///
/// Written by one process at a time, which the lock of the bank sees to.
public final class RunFolder {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final Path folder;

    /// @param folder need not exist yet
    public RunFolder(Path folder) {
        this.folder = folder.toAbsolutePath().normalize();
    }

    /// Where it is, absolute.
    public Path path() {
        return folder;
    }

    /// A file of it.
    public Path file(String name) {
        return folder.resolve(name);
    }

    /// The configuration of the run that it holds, if it holds one.
    ///
    /// @throws UmemException of kind STORAGE if the file is damaged
    public Optional<RunConfig> config() {
        return read("config.json", RunConfig.class);
    }

    /// The closing numbers, if the run is complete.
    public Optional<Summary> summary() {
        return read("summary.json", Summary.class);
    }

    /// Reads all complete steps.
    public void steps(Consumer<Step> each) {
        if (Files.exists(file("events.jsonl"))) {
            events(each).close();
        }
    }

    /// Reads all attempts with an empty bank.
    public void baseline(Consumer<BaselineAttempt> each) {
        if (Files.exists(file("baseline.jsonl"))) {
            baselineLines(each).close();
        }
    }

    /// Reads the curve.
    public void metrics(Consumer<Metrics> each) {
        if (Files.exists(file("metrics.jsonl"))) {
            metricsLines(each).close();
        }
    }

    /// Begins a run, or makes sure that the one begun here is the same.
    ///
    /// @return the configuration in force: the one that the run was begun with
    /// @throws UmemException of kind INPUT if the folder holds another run
    RunConfig begin(RunConfig wanted) {
        Optional<RunConfig> present = config();
        if (present.isPresent()) {
            List<String> differences = present.get().differences(wanted);
            if (!differences.isEmpty()) {
                throw new UmemException(
                        ErrorKind.INPUT,
                        folder + " holds another run (different: " + String.join(", ", differences)
                                + "); continue it with the settings in its config.json, or choose another folder");
            }
            return present.get();
        }
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UmemException(
                    ErrorKind.STORAGE, "the run folder " + folder + " cannot be made: " + e.getMessage(), e);
        }
        write("config.json", wanted);
        return wanted;
    }

    JsonLines events(Consumer<Step> each) {
        return JsonLines.open(file("events.jsonl"), Step.class, each);
    }

    JsonLines baselineLines(Consumer<BaselineAttempt> each) {
        return JsonLines.open(file("baseline.jsonl"), BaselineAttempt.class, each);
    }

    JsonLines metricsLines(Consumer<Metrics> each) {
        return JsonLines.open(file("metrics.jsonl"), Metrics.class, each);
    }

    void finish(Summary summary) {
        write("summary.json", summary);
    }

    private <T> Optional<T> read(String name, Class<T> type) {
        Path file = file(name);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readValue(Files.readString(file), type));
        } catch (IOException | JacksonException e) {
            throw new UmemException(ErrorKind.STORAGE, file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /// Whole or not at all.
    private void write(String name, Object value) {
        Path target = file(name);
        Path staged = file(name + ".tmp");
        try {
            Files.writeString(staged, JSON.writeValueAsString(value) + "\n", StandardCharsets.UTF_8);
            Files.move(staged, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, target + " cannot be written: " + e.getMessage(), e);
        }
    }
}
