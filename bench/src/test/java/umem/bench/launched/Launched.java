package umem.bench.launched;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The program as users start it: the launcher, on the modules that the build has just packaged.
final class Launched {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final long LONGEST_MINUTES = 15;

    private final Process process;
    private final Path out;
    private final Path err;

    private Launched(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /// What a finished program left.
    record Result(int code, String out, String err) {
        /// The last line of standard output, which `--json` promises to be an object.
        JsonNode json() {
            return JsonMapper.shared().readTree(out.strip().lines().toList().getLast());
        }
    }

    /// Starts `umem` in a folder.
    static Launched start(Path folder, String... arguments) {
        return start(folder, "", arguments);
    }

    /// Starts `umem` in a folder, in a shell that first runs `before`.
    static Launched start(Path folder, String before, String... arguments) {
        try {
            Path out = Files.createTempFile(folder, "out", ".txt");
            Path err = Files.createTempFile(folder, "err", ".txt");
            List<String> words = new ArrayList<>(List.of(
                    "bash",
                    "-c",
                    before + "exec \"$0\" \"$@\"",
                    ROOT.resolve("umem").toString()));
            words.addAll(List.of(arguments));
            ProcessBuilder builder = new ProcessBuilder(words)
                    .directory(folder.toFile())
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment()
                    .putAll(Map.of(
                            "UMEM_MODULE_PATH",
                                    ROOT.resolve("bench/target/app/lib").toString(),
                            "UMEM_JAVA_HOME", System.getProperty("java.home")));
            return new Launched(builder.start(), out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Runs `umem` in a folder to its end.
    static Result run(Path folder, String... arguments) {
        return start(folder, arguments).await();
    }

    /// Waits for the end.
    Result await() {
        try {
            if (!process.waitFor(LONGEST_MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly().waitFor();
                Assertions.fail("no end after " + LONGEST_MINUTES + " minutes: " + Files.readString(err));
            }
            return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /// Waits until a file has this many lines, or the program has ended.
    void awaitLines(Path file, int lines) {
        while (process.isAlive() && lines(file) < lines) {
            pause();
        }
        if (!process.isAlive()) {
            Assertions.fail("ended too early: " + await());
        }
    }

    /// Waits until a file holds something else or is gone, or the program has ended.
    void awaitChange(Path file, String before) throws IOException {
        while (process.isAlive() && Files.exists(file) && Files.readString(file).equals(before)) {
            pause();
        }
        if (!process.isAlive()) {
            Assertions.fail("ended too early: " + await());
        }
    }

    private static long lines(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file).lines().count() : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /// Sends a signal by its name, such as `INT` or `KILL`.
    void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    long pid() {
        return process.pid();
    }
}
