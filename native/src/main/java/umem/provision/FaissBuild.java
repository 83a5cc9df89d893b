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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Builds our C ABI over FAISS from the sources that travel in this jar, against the FAISS of the system.
final class FaissBuild {
    static final String KIND = "faiss";
    private static final List<String> SOURCES =
            List.of("CMakeLists.txt", "umem_faiss.h", "umem_faiss.cpp", "index_parts.h", "index_parts.cpp");
    private static final List<SystemTools.Need> NEEDS = List.of(
            SystemTools.Need.CMAKE,
            SystemTools.Need.COMPILER,
            SystemTools.Need.MAKE,
            SystemTools.Need.FAISS,
            SystemTools.Need.OPENBLAS);
    private static final Pattern VERSION = Pattern.compile("#define\\s+FAISS_VERSION_(?:MAJOR|MINOR|PATCH)\\s+(\\d+)");

    private final SystemTools tools;
    private final Progress progress;

    FaissBuild(SystemTools tools, Progress progress) {
        this.tools = tools;
        this.progress = progress;
    }

    /// The library in the cache: the one built from these sources and the FAISS that is installed, or, where FAISS's
    /// development files are gone or never were, the newest one that was built from these sources.
    Optional<Path> find(Path cache) throws IOException {
        String version = installedVersion();
        if (version != null) {
            Path file = cache.resolve(KIND).resolve(fileName(version));
            return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
        }
        Path folder = cache.resolve(KIND);
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        String prefix = "libumem_faiss-" + sourceHash() + "-";
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> f.getFileName().toString().startsWith(prefix))
                    .max(Comparator.comparing(f -> f.getFileName().toString()));
        }
    }

    /// Builds the library after the tools for it are there.
    Path build(Provision provision) throws IOException {
        tools.requireAll(NEEDS);
        String version = installedVersion();
        if (version == null) {
            throw new UmemException(
                    ErrorKind.SETUP, "the FAISS headers do not tell their version: install libfaiss-dev");
        }
        return provision.derived(KIND, fileName(version), this::compile);
    }

    private void compile(Path target) throws IOException {
        progress.advance("the C ABI over FAISS", Progress.Stage.BUILD, 0, -1);
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
            Files.move(work.resolve("build/libumem_faiss.so"), target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Disk.delete(work);
        }
        progress.advance("the C ABI over FAISS", Progress.Stage.BUILD, 0, 0);
    }

    private static void run(List<String> words, Path folder) throws IOException {
        Command.Outcome outcome = new Command(words).run(folder);
        if (!outcome.succeeded()) {
            throw new UmemException(
                    ErrorKind.SETUP,
                    "cannot build the C ABI over FAISS: " + outcome.reason()
                            + " (needs cmake, a C++17 compiler, libfaiss-dev, libopenblas-dev)",
                    new IOException(String.join("\n", outcome.lines())));
        }
    }

    private static String fileName(String version) throws IOException {
        return "libumem_faiss-" + sourceHash() + "-" + version + ".so";
    }

    private static String sourceHash() throws IOException {
        MessageDigest digest = Checksum.sha256();
        for (String name : SOURCES) {
            digest.update((name + "\0").getBytes(StandardCharsets.UTF_8));
            try (InputStream in = source(name)) {
                digest.update(in.readAllBytes());
            }
        }
        return Checksum.hex(digest).substring(0, 16);
    }

    private static InputStream source(String name) throws IOException {
        InputStream in = FaissBuild.class.getResourceAsStream("faiss/" + name);
        if (in == null) {
            throw new IOException("the jar lacks faiss/" + name);
        }
        return in;
    }

    /// The version that the installed headers declare, null where there are none.
    private @Nullable String installedVersion() throws IOException {
        Optional<Path> header = tools.find(SystemTools.Need.FAISS);
        if (header.isEmpty()) {
            return null;
        }
        StringBuilder version = new StringBuilder();
        Matcher matcher = VERSION.matcher(Files.readString(header.get()));
        while (matcher.find()) {
            version.append(version.isEmpty() ? "" : ".").append(matcher.group(1));
        }
        return version.isEmpty() ? null : version.toString();
    }
}
