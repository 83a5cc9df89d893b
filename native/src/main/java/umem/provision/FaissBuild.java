package umem.provision;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Builds our C ABI over FAISS from the sources that travel in this jar: against the FAISS of the system, or, where
/// that
/// was asked for once, with FAISS itself compiled for AVX2. Debian compiles it for every x86-64, which makes a scan
/// take
/// 3 to 5 times as long; compiling it takes some minutes.
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
    private static final List<SystemTools.Need> SOURCE_NEEDS = List.of(
            SystemTools.Need.CMAKE,
            SystemTools.Need.COMPILER,
            SystemTools.Need.MAKE,
            SystemTools.Need.TAR,
            SystemTools.Need.OPENBLAS);
    private static final Path CPU = Path.of("/proc/cpuinfo");
    /// Name and version of FAISS's source in the lock file.
    static final String FAISS_SOURCE = "faiss-source";

    static final String SOURCE_VERSION = "1.7.3";
    private static final Pattern VERSION = Pattern.compile("#define\\s+FAISS_VERSION_(?:MAJOR|MINOR|PATCH)\\s+(\\d+)");

    private final SystemTools tools;
    private final Progress progress;

    FaissBuild(SystemTools tools, Progress progress) {
        this.tools = tools;
        this.progress = progress;
    }

    /// The library in the cache: the one with its own FAISS, where it was built and the CPU can run it; the one built
    /// from these sources and the FAISS that is installed; or, where FAISS's development files are gone or never were,
    /// the newest one that was built from these sources.
    Optional<Path> find(Provision provision) throws IOException {
        Path folder = provision.cache().resolve(KIND);
        Path own = folder.resolve(ownFileName());
        if (Files.isRegularFile(own) && hasAvx2(CPU)) {
            return Optional.of(own);
        }
        String version = installedVersion();
        if (version != null) {
            Path file = folder.resolve(fileName(version));
            return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
        }
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        String prefix = "libumem_faiss-" + sourceHash() + "-";
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> f.getFileName().toString().startsWith(prefix) && !f.equals(own))
                    .max(Comparator.comparing(f -> f.getFileName().toString()));
        }
    }

    /// Whether the CPU has what FAISS is compiled for here.
    ///
    /// @param cpuInfo the system's description of the CPU
    static boolean hasAvx2(Path cpuInfo) throws IOException {
        if (!Files.isReadable(cpuInfo)) {
            return false;
        }
        try (Stream<String> lines = Files.lines(cpuInfo)) {
            return lines.filter(line -> line.startsWith("flags"))
                    .findFirst()
                    .map(line -> List.of(line.split("\\s+")).containsAll(List.of("avx2", "fma", "f16c", "popcnt")))
                    .orElse(false);
        }
    }

    /// Builds the library with its own FAISS, from the source that the lock file names. Takes some minutes.
    Path buildOwn(Provision provision) throws IOException {
        if (!hasAvx2(CPU)) {
            throw new UmemException(
                    ErrorKind.SETUP, "this CPU has no AVX2: FAISS from source would be no faster than the system's");
        }
        String name = ownFileName();
        Path there = provision.cache().resolve(KIND).resolve(name);
        if (Files.isRegularFile(there)) {
            return there;
        }
        tools.requireAll(SOURCE_NEEDS);
        return provision.derived(KIND, name, target -> {
            Path archive = provision.artifact(FAISS_SOURCE);
            compile(target, work -> {
                Path source = Files.createDirectory(work.resolve("source"));
                run(
                        List.of(
                                tools.require(SystemTools.Need.TAR).toString(),
                                "-xzf",
                                archive.toString(),
                                "--strip-components=1"),
                        source);
                return List.of("-DUMEM_FAISS=source", "-DUMEM_FAISS_SOURCE=" + source, "-DUMEM_FAISS_LEVEL=avx2");
            });
        });
    }

    private static String ownFileName() throws IOException {
        return fileName(SOURCE_VERSION + "-avx2");
    }

    /// Builds the library after the tools for it are there.
    Path build(Provision provision) throws IOException {
        tools.requireAll(NEEDS);
        String version = installedVersion();
        if (version == null) {
            throw new UmemException(
                    ErrorKind.SETUP, "the FAISS headers do not tell their version: install libfaiss-dev");
        }
        return provision.derived(KIND, fileName(version), target -> compile(target, work -> List.of()));
    }

    /// What CMake is told besides; may put files into the folder of the build.
    @FunctionalInterface
    private interface Settings {
        List<String> in(Path work) throws IOException;
    }

    private void compile(Path target, Settings settings) throws IOException {
        progress.advance("the C ABI over FAISS", Progress.Stage.BUILD, 0, -1);
        Path work = Files.createTempDirectory(target.getParent(), ".build-");
        try {
            for (String name : SOURCES) {
                try (InputStream in = source(name)) {
                    Files.copy(in, work.resolve(name));
                }
            }
            String cmake = tools.require(SystemTools.Need.CMAKE).toString();
            List<String> configure =
                    new ArrayList<>(List.of(cmake, "-S", ".", "-B", "build", "-DCMAKE_BUILD_TYPE=Release"));
            configure.addAll(settings.in(work));
            run(configure, work);
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
