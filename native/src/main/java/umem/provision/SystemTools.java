package umem.provision;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Programs and libraries of the operating system that set-up uses. What is missing is installed with the system's
/// package client where we may do that, else named with the exact command.
final class SystemTools {
    private static final Duration SILENCE = Duration.ofMinutes(30);

    private final List<Path> searchPath;
    private final boolean root;
    private final boolean offline;
    private final Progress progress;

    /// @param path the value of PATH
    /// @param root whether we may install
    /// @param offline whether we must not
    SystemTools(String path, boolean root, boolean offline, Progress progress) {
        List<Path> folders = new ArrayList<>();
        for (String folder : path.split(File.pathSeparator, -1)) {
            if (!folder.isEmpty()) {
                folders.add(Path.of(folder));
            }
        }
        this.searchPath = List.copyOf(folders);
        this.root = root;
        this.offline = offline;
        this.progress = progress;
    }

    static SystemTools ofThisMachine(boolean offline, Progress progress) {
        String path = System.getenv("PATH");
        return new SystemTools(
                path == null ? "/usr/local/bin:/usr/bin:/bin" : path,
                "root".equals(System.getProperty("user.name")),
                offline,
                progress);
    }

    /// A thing that has to be on the machine.
    enum Need {
        CMAKE("cmake", "cmake"),
        COMPILER("g++", "c++", "g++", "clang++"),
        MAKE("make", "make"),
        NPM("npm", "npm"),
        PIP("python3-pip", "pip3", "pip"),
        MAVEN("maven", "mvn"),
        TAR("tar", "tar"),
        APT("apt", "apt-get"),
        APT_HELPER("apt", "/usr/lib/apt/apt-helper"),
        GIT("git", "git"),
        FAISS("libfaiss-dev", "/usr/include/faiss/Index.h", "/usr/local/include/faiss/Index.h"),
        OPENBLAS(
                "libopenblas-dev",
                "/usr/lib/x86_64-linux-gnu/libopenblas.so",
                "/usr/lib64/libopenblas.so",
                "/usr/lib/libopenblas.so",
                "/usr/local/lib/libopenblas.so");

        private final String systemPackage;
        private final List<String> candidates;

        /// @param systemPackage its package in Debian and its descendants
        /// @param candidates programs on PATH, or absolute files, any of which will do
        Need(String systemPackage, String... candidates) {
            this.systemPackage = systemPackage;
            this.candidates = List.of(candidates);
        }
    }

    /// The path of the program or file that meets a need, installing it if that is possible.
    ///
    /// @throws UmemException of kind SETUP that names the command to run
    Path require(Need need) throws IOException {
        requireAll(List.of(need));
        return find(need).orElseThrow(() -> missing(List.of(need)));
    }

    /// Like [#require] for several at once, with a single run of the package client.
    void requireAll(List<Need> needs) throws IOException {
        List<Need> absent = needs.stream().filter(n -> find(n).isEmpty()).toList();
        if (absent.isEmpty()) {
            return;
        }
        Path apt = onPath("apt-get");
        if (!root || offline || apt == null) {
            throw missing(absent);
        }
        install(apt, absent);
        List<Need> still = absent.stream().filter(n -> find(n).isEmpty()).toList();
        if (!still.isEmpty()) {
            throw missing(still);
        }
    }

    Optional<Path> find(Need need) {
        for (String candidate : need.candidates) {
            Path found = candidate.startsWith("/") ? Path.of(candidate) : onPath(candidate);
            if (found != null && Files.exists(found)) {
                return Optional.of(found);
            }
        }
        return Optional.empty();
    }

    private @Nullable Path onPath(String program) {
        for (Path folder : searchPath) {
            Path file = folder.resolve(program);
            if (Files.isRegularFile(file) && Files.isExecutable(file)) {
                return file;
            }
        }
        return null;
    }

    private void install(Path apt, List<Need> absent) throws IOException {
        String names = packages(absent);
        progress.advance(names, Progress.Stage.INSTALL, 0, -1);
        List<String> install = new ArrayList<>(
                List.of(apt.toString(), "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends"));
        absent.forEach(n -> install.add(n.systemPackage));
        // A failed update is told by the install that follows it: old lists may still do.
        apt(List.of(apt.toString(), "-o", "DPkg::Lock::Timeout=300", "update"));
        Command.Outcome outcome = apt(install);
        if (!outcome.succeeded()) {
            throw new UmemException(
                    ErrorKind.SETUP,
                    "cannot install " + names + " (" + outcome.reason() + "): run `" + installCommand(absent)
                            + "` and start again");
        }
        progress.advance(names, Progress.Stage.INSTALL, 0, 0);
    }

    private static Command.Outcome apt(List<String> words) throws IOException {
        return new Command(words)
                .with("DEBIAN_FRONTEND", "noninteractive")
                .watched(() -> 0, SILENCE)
                .run(Path.of("/"));
    }

    private UmemException missing(List<Need> absent) {
        String why = offline ? " and offline mode forbids installing" : "";
        return new UmemException(
                ErrorKind.SETUP,
                packages(absent).replace(" ", ", ") + (absent.size() == 1 ? " is" : " are") + " missing" + why
                        + ": run `" + installCommand(absent) + "` as root and start again");
    }

    private static String installCommand(List<Need> needs) {
        return "apt-get update && apt-get install -y " + packages(needs);
    }

    private static String packages(List<Need> needs) {
        return needs.stream().map(n -> n.systemPackage).collect(Collectors.joining(" "));
    }
}
