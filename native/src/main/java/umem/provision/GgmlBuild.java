package umem.provision;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Builds the BLAS backend of ggml, which the prebuilt libraries lack, from llama.cpp's source of the same release.
/// Once
/// it is in the cache, the CPU's llama.cpp folder holds it, and llama.cpp computes long prompts with it; without it, or
/// where OpenBLAS has gone, it computes them by itself.
final class GgmlBuild {
    private static final String KIND = "ggml";
    private static final String BUNDLE = "gitRelease.bundle";
    private static final String RECIPE = "CMakeLists.txt";
    private static final List<SystemTools.Need> NEEDS = List.of(
            SystemTools.Need.CMAKE,
            SystemTools.Need.COMPILER,
            SystemTools.Need.MAKE,
            SystemTools.Need.GIT,
            SystemTools.Need.OPENBLAS);

    private final Provision provision;

    GgmlBuild(Provision provision) {
        this.provision = provision;
    }

    /// The newest backend in the cache that was built for the prebuilt libraries of the lock file.
    Optional<Path> find() throws IOException {
        Path folder = provision.cache().resolve(KIND);
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        String prefix = prefix();
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith(prefix))
                    .max(Comparator.comparing((Path file) -> file.toFile().lastModified())
                            .thenComparing(Path::getFileName));
        }
    }

    /// Builds it after the tools for it are there.
    Path build(SystemTools tools, Progress progress) throws IOException {
        tools.requireAll(NEEDS);
        String compiler =
                hash(run(List.of(tools.require(SystemTools.Need.COMPILER).toString(), "--version"), Path.of("/")));
        return provision.derived(KIND, prefix() + compiler + ".so", target -> compile(tools, progress, target));
    }

    private void compile(SystemTools tools, Progress progress, Path target) throws IOException {
        Path libraries = provision.artifact(LlamaFolder.CPU);
        Path bundle = provision.artifact("llama-source").resolve(BUNDLE);
        progress.advance("the BLAS backend of ggml", Progress.Stage.BUILD, 0, -1);
        Path work = Files.createTempDirectory(target.getParent(), ".build-");
        try {
            String git = tools.require(SystemTools.Need.GIT).toString();
            run(List.of(git, "clone", "--quiet", "--no-checkout", bundle.toString(), "source"), work);
            run(List.of(git, "-C", "source", "checkout", "--quiet", "HEAD", "--", "ggml"), work);
            try (InputStream recipe = recipe()) {
                Files.copy(recipe, work.resolve(RECIPE));
            }
            String cmake = tools.require(SystemTools.Need.CMAKE).toString();
            run(
                    List.of(
                            cmake,
                            "-S",
                            ".",
                            "-B",
                            "build",
                            "-DCMAKE_BUILD_TYPE=Release",
                            "-DUMEM_LLAMA_SOURCE=" + work.resolve("source"),
                            "-DUMEM_LLAMA_LIBRARIES=" + libraries),
                    work);
            run(List.of(cmake, "--build", "build"), work);
            Files.move(work.resolve("build/libggml-blas.so"), target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Disk.delete(work);
        }
        progress.advance("the BLAS backend of ggml", Progress.Stage.BUILD, 0, 0);
    }

    private static String run(List<String> words, Path folder) throws IOException {
        Command.Outcome outcome = new Command(words).run(folder);
        if (!outcome.succeeded()) {
            throw new UmemException(
                    ErrorKind.SETUP,
                    "cannot build the BLAS backend of ggml: " + outcome.reason()
                            + " (needs cmake, a C++17 compiler, git, libopenblas-dev)",
                    new IOException(String.join("\n", outcome.lines())));
        }
        return String.join("\n", outcome.lines());
    }

    /// What the backend depends on, but for the compiler.
    String prefix() throws IOException {
        try (InputStream recipe = recipe()) {
            return "libggml-blas-"
                    + hash(new String(recipe.readAllBytes(), StandardCharsets.UTF_8)
                            + provision.locked("llama-source").sha256()
                            + provision.locked(LlamaFolder.CPU).sha256())
                    + "-";
        }
    }

    private static String hash(String text) {
        MessageDigest digest = Checksum.sha256();
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        return Checksum.hex(digest).substring(0, 16);
    }

    private static InputStream recipe() throws IOException {
        InputStream in = GgmlBuild.class.getResourceAsStream("ggml/" + RECIPE);
        if (in == null) {
            throw new IOException("the jar lacks ggml/" + RECIPE);
        }
        return in;
    }
}
