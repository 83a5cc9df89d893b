package umem.cli.command;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import umem.bindings.llama.LlamaLibrary;
import umem.cli.terminal.Json;
import umem.cli.terminal.Terminal;

/// Which UMEM this is.
///
/// @param umem version of this program
/// @param revision git commit of the source tree, with `-dirty` when files differ from it; null outside a git tree
/// @param jdk version of the Java that runs it
/// @param llama version of llama.cpp that it is bound to
public record Version(String umem, @Nullable String revision, String jdk, String llama) {

    /// Finds out.
    public static Version current() {
        Properties properties = new Properties();
        try (InputStream stream =
                Objects.requireNonNull(Version.class.getResourceAsStream("/umem/cli/version.properties"))) {
            properties.load(stream);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Version(
                Objects.requireNonNull(properties.getProperty("version")),
                describeTree(),
                Runtime.version().toString(),
                LlamaLibrary.VERSION);
    }

    /// The version of this program alone, with its commit.
    public String program() {
        return revision == null ? umem : umem + " (" + revision + ")";
    }

    /// Prints all of them on standard output.
    public static void print(Terminal terminal, boolean json) {
        Version version = current();
        if (json) {
            terminal.print(Json.line(Json.object()
                    .put("umem", version.umem)
                    .put("revision", version.revision)
                    .put("jdk", version.jdk)
                    .put("llama", version.llama)));
            return;
        }
        terminal.print("umem " + version.program());
        terminal.print("JDK " + version.jdk);
        terminal.print("llama.cpp " + version.llama);
    }

    private static @Nullable String describeTree() {
        String home = System.getProperty("umem.home");
        if (home == null || !Files.exists(Path.of(home, ".git"))) {
            return null;
        }
        try {
            Process git = new ProcessBuilder(
                            "git", "-C", home, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            git.getOutputStream().close();
            String text = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return git.waitFor(10, TimeUnit.SECONDS) && git.exitValue() == 0 && !text.isEmpty() ? text : null;
        } catch (IOException e) {
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
