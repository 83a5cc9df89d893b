package umem.bench.search;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;
import umem.bench.measure.CaseResult;
import umem.bench.measure.Contender;
import umem.bench.measure.Timing;
import umem.bench.peer.SearchEngine;
import umem.cli.terminal.Json;

/// Finding the best rows for a query, or for a batch of queries, by scoring all rows.
///
/// @param name of the case
/// @param ours what is measured
/// @param floor the least recall that is right for it: 1 for an exact index
/// @param peers who runs beside it, all of them exact
/// @param batch queries a call
/// @param limited whether reading all rows once bounds the time, which it does where a call reads them for one query
record ScanCase(String name, OwnEngine ours, double floor, List<SearchEngine> peers, int batch, boolean limited)
        implements SearchCase {

    @Override
    public List<CaseResult> run(SearchRun run) {
        List<OpenContender> opened = new ArrayList<>();
        try {
            opened.add(OpenContender.open(ours, run, batch));
            opened.addAll(OpenContender.peers(peers, run, batch));
            boolean checked = opened.getFirst().check(floor);
            for (OpenContender peer : opened.subList(1, opened.size())) {
                checked &= peer.check(1);
            }
            List<Contender> contenders = new ArrayList<>();
            opened.forEach(contender -> contenders.add(contender.contender()));
            if (limited) {
                contenders.addAll(StreamingRead.contenders(run.rows(), run.threads()));
            }
            List<Timing> timings = run.rounds().measure(contenders);
            return List.of(result(run, opened, timings, checked));
        } finally {
            opened.forEach(OpenContender::close);
        }
    }

    private CaseResult result(SearchRun run, List<OpenContender> opened, List<Timing> timings, boolean checked) {
        Timing own = timings.getFirst();
        Map<String, Double> ratios = new LinkedHashMap<>();
        for (int i = 1; i < opened.size(); i++) {
            ratios.put(opened.get(i).name(), own.speedUp(timings.get(i)));
        }
        Timing limit = limited ? timings.get(timings.size() - 2).best(timings.getLast()) : null;
        return new CaseResult(
                name,
                ours.name(),
                own.median() / 1000,
                "us/query",
                ratios,
                limit == null ? null : own.speedUp(limit),
                opened.getFirst().verdict().recall(),
                own.spread(),
                checked,
                details(run, opened, timings, limit));
    }

    static ObjectNode details(SearchRun run, List<OpenContender> opened, List<Timing> timings, @Nullable Timing limit) {
        ObjectNode details = Json.object()
                .put("rows", run.rows().count())
                .put("dim", run.rows().dimension())
                .put("k", run.k())
                .put("threads", run.threads())
                .put("rounds", run.rounds().rounds())
                .put("clock", run.rounds().clock().name().toLowerCase(java.util.Locale.ROOT))
                .put("checked_queries", run.answers().count())
                .put("checksum", Long.toHexString(opened.getFirst().verdict().checksum()));
        if (limit != null) {
            details.put("read_gb_per_s", run.rows().rowBytes() * run.rows().count() * run.threads() / limit.median());
        }
        ObjectNode all = details.putObject("contenders");
        for (int i = 0; i < timings.size(); i++) {
            Timing timing = timings.get(i);
            ObjectNode one = all.putObject(timing.name())
                    .put("us_median", timing.median() / 1000)
                    .put("us_min", timing.min() / 1000)
                    .put("us_max", timing.max() / 1000)
                    .put("bytes_allocated", Math.round(timing.bytes()));
            if (i < opened.size()) {
                one.put("version", opened.get(i).version())
                        .put("recall", opened.get(i).verdict().recall());
            }
        }
        return details;
    }
}
