package umem.provision;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Builds the encoder's kernels from the sources that travel in this jar. They need nothing but a compiler, and the
/// library runs on every CPU of its architecture.
final class KernelBuild {
    static final String KIND = "kernels";
    private static final String WHAT = "the encoder's kernels";
    private static final List<String> SOURCES = List.of(
            "CMakeLists.txt",
            "umem_kernels.h",
            "umem_kernels.cpp",
            "dispatch.h",
            "kernels.inc",
            "portable.cpp",
            "avx2.cpp",
            "avx512.cpp");
    private static final List<SystemTools.Need> NEEDS =
            List.of(SystemTools.Need.CMAKE, SystemTools.Need.COMPILER, SystemTools.Need.MAKE);

    private final SystemTools tools;
    private final Progress progress;

    KernelBuild(SystemTools tools, Progress progress) {
        this.tools = tools;
        this.progress = progress;
    }

    /// The library in the cache.
    Optional<Path> find(Path cache) throws IOException {
        Path file = cache.resolve(KIND).resolve(fileName());
        return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
    }

    /// Builds the library after the tools for it are there.
    Path build(Provision provision) throws IOException {
        tools.requireAll(NEEDS);
        return provision.derived(KIND, fileName(), this::compile);
    }

    private void compile(Path target) throws IOException {
        progress.advance(WHAT, Progress.Stage.BUILD, 0, -1);
        Path work = Files.createTempDirectory(target.getParent(), ".build-");
        try {
            for (String name : SOURCES) {
                try (InputStream in = source(name)) {
                    Files.copy(in, work.resolve(name));
                }
            }
            String cmake = tools.require(SystemTools.Need.CMAKE).toString();
            run(List.of(cmake, "-S", ".", "-B", "build", "-DCMAKE_BUILD_TYPE=Release"), work);
            run(List.of(cmake, "--build", "build", "--parallel", "2"), work);
            Files.move(work.resolve("build/libumem_kernels.so"), target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Disk.delete(work);
        }
        progress.advance(WHAT, Progress.Stage.BUILD, 0, 0);
    }

    private static void run(List<String> words, Path folder) throws IOException {
        Command.Outcome outcome = new Command(words).run(folder);
        if (!outcome.succeeded()) {
            throw new UmemException(
                    ErrorKind.SETUP,
                    "cannot build " + WHAT + ": " + outcome.reason() + " (needs cmake and a C++17 compiler)",
                    new IOException(String.join("\n", outcome.lines())));
        }
    }

    private static String fileName() throws IOException {
        MessageDigest digest = Checksum.sha256();
        for (String name : SOURCES) {
            digest.update((name + "\0").getBytes(StandardCharsets.UTF_8));
            try (InputStream in = source(name)) {
                digest.update(in.readAllBytes());
            }
        }
        return "libumem_kernels-" + Checksum.hex(digest).substring(0, 16) + ".so";
    }

    private static InputStream source(String name) throws IOException {
        InputStream in = KernelBuild.class.getResourceAsStream("kernels/" + name);
        if (in == null) {
            throw new IOException("the jar lacks kernels/" + name);
        }
        return in;
    }
}
