package umem.bench.search;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import umem.bindings.faiss.FaissLibrary;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Accelerator;
import umem.provision.Provision;

/// The builds of FAISS that are on this machine: on the system's library, which Debian compiles for every x86-64, and,
/// where that was built once, on one compiled for AVX2.
final class FaissBuilds {
    private static final String SYSTEM = "faiss-debian";
    private static final String AVX2 = "faiss-avx2";

    private FaissBuilds() {}

    /// Those that load, the fastest last.
    ///
    /// @param report hears which does not, and why
    static List<FaissEngine> find(Provision provision, Consumer<String> report) {
        List<FaissEngine> builds = new ArrayList<>();
        try {
            Path current = provision.libraries(Accelerator.CPU).faiss();
            // Built from the same sources of ours: libumem_faiss-<hash of the sources>-<version of FAISS>[-avx2].so
            String name = current.getFileName().toString();
            String sources = name.substring(0, name.indexOf('-', name.indexOf('-') + 1) + 1);
            try (Stream<Path> files = Files.list(current.resolveSibling("."))) {
                for (Path file : files.filter(f -> f.getFileName().toString().startsWith(sources))
                        .sorted()
                        .toList()) {
                    builds.add(
                            new FaissEngine(file.toString().contains("avx") ? AVX2 : SYSTEM, FaissLibrary.load(file)));
                }
            }
        } catch (UmemException e) {
            if (e.kind() == ErrorKind.INTERRUPTED) {
                throw e;
            }
            report.accept("absent: faiss: " + e.getMessage());
        } catch (IOException e) {
            report.accept("absent: faiss: " + e);
        }
        builds.sort(Comparator.comparing(FaissEngine::name, Comparator.reverseOrder()));
        for (String name : List.of(SYSTEM, AVX2)) {
            if (!builds.isEmpty()
                    && builds.stream().noneMatch(build -> build.name().equals(name))) {
                report.accept("absent: " + name + ": it was not built; see bench/README.md");
            }
        }
        return builds;
    }
}
