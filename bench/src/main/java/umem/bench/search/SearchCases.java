package umem.bench.search;

import java.util.ArrayList;
import java.util.List;
import umem.bench.peer.SearchEngine;
import umem.engine.search.FlatIndex;

/// The cases of `umem bench search`.
final class SearchCases {
    private static final OwnEngine FLAT =
            new OwnEngine("flat float32", SearchEngine.Kind.SCAN, 4, FlatIndex::new);
    private static final List<Integer> BATCHES = List.of(8, 64, 512);

    private SearchCases() {}

    /// All of them, in the order in which they run.
    ///
    /// @param peers whom to compare with
    static List<SearchCase> all(List<SearchEngine> peers) {
        List<SearchEngine> scans = peers.stream()
                .filter(peer -> peer.kind() == SearchEngine.Kind.SCAN)
                .toList();
        List<SearchCase> cases = new ArrayList<>();
        cases.add(new ScanCase("single-f32", FLAT, 1, scans, 1, true));
        for (int batch : BATCHES) {
            cases.add(new ScanCase(
                    "batch-" + batch,
                    FLAT,
                    1,
                    scans.stream().filter(SearchEngine::batches).toList(),
                    batch,
                    false));
        }
        for (ChangeCase.Change change : ChangeCase.Change.values()) {
            cases.add(new ChangeCase(change, FLAT));
        }
        return cases;
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
