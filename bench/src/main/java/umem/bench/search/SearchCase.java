package umem.bench.search;

import java.util.List;
import umem.bench.measure.CaseResult;

/// One question of the benchmark.
interface SearchCase {

    /// What the user calls it.
    String name();

    /// Answers it.
    List<CaseResult> run(SearchRun run);
}
