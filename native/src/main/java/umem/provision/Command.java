package umem.provision;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A program of the system, run to its end. Its output is kept to explain a failure and shown to nobody else.
final class Command {
    private static final int KEPT_LINES = 60;

    private final List<String> words;
    private final Map<String, String> environment = new HashMap<>();
    private LongSupplier pulse = () -> 0;
    private Duration stall = Duration.ofHours(2);

    Command(List<String> words) {
        this.words = List.copyOf(words);
    }

    /// How it ended.
    ///
    /// @param exitCode of the program
    /// @param lines the last lines it wrote to either stream
    record Outcome(int exitCode, List<String> lines) {
        boolean succeeded() {
            return exitCode == 0;
        }

        /// The line that most likely says why it failed.
        String reason() {
            return lines.stream()
                    .filter(line -> line.toLowerCase(java.util.Locale.ROOT).contains("error"))
                    .findFirst()
                    .or(() -> lines.stream().filter(l -> !l.isBlank()).reduce((a, b) -> b))
                    .map(String::strip)
                    .map(line -> line.length() > 300 ? line.substring(0, 300) + "..." : line)
                    .orElse("exit code " + exitCode);
        }
    }

    Command with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    /// Ends the program when nothing moves for a while.
    ///
    /// @param measure called twice a second; any change of its value counts as life
    /// @param limit without a change
    Command watched(LongSupplier measure, Duration limit) {
        this.pulse = measure;
        this.stall = limit;
        return this;
    }

    /// Runs it.
    ///
    /// @throws IOException when it cannot be started
    /// @throws UmemException of kind INTERRUPTED when the thread is interrupted; the program is ended then
    Outcome run(Path folder) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(words).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        Deque<String> lines = new ArrayDeque<>();
        Thread reader = Thread.ofVirtual().start(() -> keepLast(process, lines));
        try {
            long value = pulse.getAsLong();
            long changedAt = System.nanoTime();
            while (!process.waitFor(500, TimeUnit.MILLISECONDS)) {
                long now = pulse.getAsLong();
                if (now != value) {
                    value = now;
                    changedAt = System.nanoTime();
                } else if (System.nanoTime() - changedAt > stall.toNanos()) {
                    end(process);
                    return new Outcome(-1, List.of("error: nothing came for " + stall.toSeconds() + " s"));
                }
            }
            reader.join();
        } catch (InterruptedException e) {
            end(process);
            Thread.currentThread().interrupt();
            throw new UmemException(ErrorKind.INTERRUPTED, "interrupted while running " + words.getFirst(), e);
        }
        synchronized (lines) {
            return new Outcome(process.exitValue(), List.copyOf(lines));
        }
    }

    private static void keepLast(Process process, Deque<String> lines) {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                synchronized (lines) {
                    if (lines.size() == KEPT_LINES) {
                        lines.removeFirst();
                    }
                    lines.addLast(line);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
    }
}
