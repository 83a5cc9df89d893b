package umem.bench.search;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;
import umem.bench.measure.CaseResult;
import umem.bench.measure.Timing;
import umem.bench.peer.SearchEngine;

/// Finding most of the best rows for a query without scoring all of them. Ours runs with its own choice of effort, with
/// a part of its rows outside its base; each graph of a peer with the least effort of 10, 20, 40 ... that reaches the
/// same recall.
///
/// @param name of the case
/// @param ours what is measured
/// @param peers graphs, and exact indexes of ours
record ApproximateCase(String name, OwnEngine ours, List<SearchEngine> peers) implements SearchCase {
    /// Below it an answer is wrong; what is between this and 1 is for the reader to judge.
    private static final double FLOOR = 0.5;
    /// What the peers have to reach.
    private static final double RECALL = 0.99;

    @Override
    public List<CaseResult> run(SearchRun run) {
        List<OpenContender> opened = new ArrayList<>();
        try {
            opened.add(OpenContender.open(ours, run, 1));
            opened.addAll(OpenContender.peers(peers, run, 1));
            boolean checked = opened.getFirst().check(FLOOR);
            double recall = opened.getFirst().verdict().recall();
            for (OpenContender peer : opened.subList(1, opened.size())) {
                // A peer that can't reach it is measured all the same: its recall stands beside its time.
                if (!peer.raiseTo(Math.min(RECALL, recall))) {
                    checked &= peer.check(FLOOR);
                }
            }
            List<Timing> timings = run.rounds()
                    .measure(opened.stream().map(OpenContender::contender).toList());
            Timing own = timings.getFirst();
            Map<String, Double> ratios = new LinkedHashMap<>();
            for (int i = 1; i < opened.size(); i++) {
                ratios.put(opened.get(i).name(), own.speedUp(timings.get(i)));
            }
            ObjectNode details = ScanCase.details(run, opened, timings, null);
            opened.forEach(contender -> ((ObjectNode) details.path("contenders").path(contender.name()))
                    .put("effort", contender.effort())
                    .put("seconds_to_fill", contender.secondsToFill()));
            return List.of(new CaseResult(
                    name,
                    ours.name(),
                    own.median() / 1000,
                    "us/query",
                    ratios,
                    null,
                    recall,
                    own.spread(),
                    checked,
                    details));
        } finally {
            opened.forEach(OpenContender::close);
        }
    }
}
