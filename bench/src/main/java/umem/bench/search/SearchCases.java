package umem.bench.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import umem.bench.peer.SearchEngine;
import umem.bindings.blas.Blas;
import umem.bindings.faiss.FaissLibrary;
import umem.engine.search.FlatIndex;
import umem.engine.search.Quantisation;
import umem.engine.search.QuantisedIndex;

/// The cases of `umem bench search`.
final class SearchCases {
    private static final OwnEngine FLAT = new OwnEngine("flat float32", SearchEngine.Kind.SCAN, 4, FlatIndex::new);
    /// Codes beside the float32 rows, which say what of them to read.
    private static final OwnEngine INT8 = new OwnEngine(
            "flat int8, rescored",
            SearchEngine.Kind.SCAN,
            5,
            dimension -> new QuantisedIndex(dimension, Quantisation.INT8));

    private static final OwnEngine BF16 = new OwnEngine(
            "flat bf16, rescored",
            SearchEngine.Kind.SCAN,
            6,
            dimension -> new QuantisedIndex(dimension, Quantisation.BF16));
    private static final List<Integer> BATCHES = List.of(8, 64, 512);

    private SearchCases() {}

    /// All of them, in the order in which they run.
    ///
    /// @param peers whom to compare with
    /// @param faiss what approximate indexes are made of; null leaves their cases out
    static List<SearchCase> all(List<SearchEngine> peers, @Nullable FaissLibrary faiss) {
        List<SearchEngine> scans = peers.stream()
                .filter(peer -> peer.kind() == SearchEngine.Kind.SCAN)
                .toList();
        List<SearchCase> cases = new ArrayList<>();
        cases.add(new ScanCase("single-f32", FLAT, 1, scans, 1, true));
        List<SearchEngine> besideCodes = new ArrayList<>(List.of(FLAT));
        besideCodes.addAll(scans);
        cases.add(new ScanCase("single-int8", INT8, 1, besideCodes, 1, false));
        cases.add(new ScanCase("single-bf16", BF16, 1, besideCodes, 1, false));
        List<SearchEngine> besideBatches =
                new ArrayList<>(scans.stream().filter(SearchEngine::batches).toList());
        Blas.installed().ifPresent(blas -> besideBatches.add(new BlasEngine(blas)));
        for (int batch : BATCHES) {
            cases.add(new ScanCase("batch-" + batch, FLAT, 1, besideBatches, batch, false));
        }
        List<SearchEngine> besideApproximate = new ArrayList<>(List.of(FLAT));
        peers.stream().filter(peer -> peer.kind() == SearchEngine.Kind.GRAPH).forEach(besideApproximate::add);
        for (ApproximateKind kind : ApproximateKind.values()) {
            if (faiss != null) {
                cases.add(new ApproximateCase(kind.label(), kind.engine(faiss), besideApproximate));
            }
        }
        for (ChangeCase.Change change : ChangeCase.Change.values()) {
            cases.add(new ChangeCase(change, FLAT));
        }
        return cases;
    }

    /// The names of all of them.
    static List<String> names() {
        List<String> names = new ArrayList<>(
                all(List.of(), null).stream().map(SearchCase::name).toList());
        Arrays.stream(ApproximateKind.values()).map(ApproximateKind::label).forEach(names::add);
        return names;
    }

    /// Memory that every case needs, whoever else takes part: the rows, the queries and our index of them.
    static long nativeBytes(int rows, int dimension) {
        return 4L * dimension * (rows + SearchRun.QUERIES) + FLAT.nativeBytes(rows, dimension);
    }

    /// Java heap that every case needs.
    static long heapBytes(int rows, int dimension) {
        return FLAT.heapBytes(rows, dimension);
    }
}
