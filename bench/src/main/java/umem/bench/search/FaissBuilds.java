package umem.bench.search;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import umem.bench.peer.SearchEngine;
import umem.bindings.faiss.FaissLibrary;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Accelerator;
import umem.provision.Provision;

/// The builds of FAISS that are on this machine.
final class FaissBuilds {
    private FaissBuilds() {}

    /// Those that load.
    ///
    /// @param report hears which does not, and why
    static List<SearchEngine> find(Provision provision, Consumer<String> report) {
        List<SearchEngine> builds = new ArrayList<>();
        try {
            builds.add(new FaissEngine(
                    "faiss-debian",
                    FaissLibrary.load(provision.libraries(Accelerator.CPU).faiss())));
        } catch (UmemException e) {
            if (e.kind() == ErrorKind.INTERRUPTED) {
                throw e;
            }
            report.accept("absent: faiss-debian: " + e.getMessage());
        }
        return builds;
    }
}
