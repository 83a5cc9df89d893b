package umem.cli.command;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import umem.cli.terminal.Json;
import umem.engine.neighborhood.Exclusions;
import umem.engine.neighborhood.LemmaCheck;
import umem.engine.neighborhood.NeighborhoodSearch;
import umem.engine.neighborhood.NeighborhoodStatistics;

/// What `umem neighbors build` says at its end.
///
/// @param lemma null without `--check`
/// @param index what searched
/// @param embedding seconds until the embeddings were there
/// @param search seconds of the search
/// @param all seconds of the whole command
/// @param output the file written
record NeighborsReport(
        NeighborhoodSearch.Result result,
        NeighborhoodStatistics statistics,
        @Nullable LemmaCheck lemma,
        String index,
        double embedding,
        double search,
        double all,
        Path output) {

    ObjectNode json() {
        Exclusions excluded = result.exclusions();
        ObjectNode node = Json.object()
                .put("tasks", statistics.tasks())
                .put("neighbors", statistics.pairs())
                .put("excluded_duplicates", excluded.total())
                .put("seconds", all)
                .put("lemma_max_violation", lemma == null ? null : (Double) lemma.maxViolation())
                .put("topk_overlap", lemma == null ? null : finite(lemma.overlap()));
        node.put("candidates", result.candidates());
        node.putObject("excluded")
                .put("same_task", excluded.sameTask())
                .put("exact_text", excluded.exactText())
                .put("normalized_text", excluded.normalizedText())
                .put("near_duplicate", excluded.nearDuplicate());
        put(node.putArray("degrees"), statistics.degrees());
        node.put("largest_in_degree", statistics.largestInDegree())
                .put("never_chosen", statistics.neverChosen())
                .put("reciprocity", statistics.reciprocity())
                .put("mean_similarity", finite(statistics.meanSimilarity()));
        put(node.putArray("similarity_histogram"), statistics.histogram());
        if (lemma != null) {
            node.put("lemma_pairs", lemma.pairs())
                    .put("lemma_tightness", lemma.tightness())
                    .put("lemma_identity_error", lemma.identityError())
                    .put("topk_overlap_random", finite(lemma.randomOverlap()));
        }
        return node.put("index", index)
                .put("seconds_embedding", embedding)
                .put("seconds_search", search)
                .put("output", output.toString());
    }

    /// JSON has no NaN; what is not known is null.
    private static @Nullable Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }

    private static void put(ArrayNode array, List<Long> values) {
        values.forEach(array::add);
    }

    String text() {
        Exclusions excluded = result.exclusions();
        StringBuilder text = new StringBuilder();
        line(text, "%,d tasks, %,d neighbours, in %s", statistics.tasks(), statistics.pairs(), output);
        line(
                text,
                "kept out as duplicates: %,d pairs (same task %,d, same text %,d, same text normalised %,d, cosine %,d)",
                excluded.total(),
                excluded.sameTask(),
                excluded.exactText(),
                excluded.normalizedText(),
                excluded.nearDuplicate());
        for (int degree = 0; degree < statistics.degrees().size(); degree++) {
            if (statistics.degrees().get(degree) > 0) {
                line(
                        text,
                        "  with %d neighbours: %,d tasks",
                        degree,
                        statistics.degrees().get(degree));
            }
        }
        line(
                text,
                "most often chosen: %,d times; never: %,d tasks; mutual: %.1f %% of pairs",
                statistics.largestInDegree(),
                statistics.neverChosen(),
                100 * statistics.reciprocity());
        if (Double.isFinite(statistics.meanSimilarity())) {
            line(text, "similarity: mean %.4f", statistics.meanSimilarity());
        }
        for (int bin = 0; bin < NeighborhoodStatistics.BINS; bin++) {
            long count = statistics.histogram().get(bin);
            if (count > 0) {
                double from = -1 + 2.0 * bin / NeighborhoodStatistics.BINS;
                String bar = "#".repeat((int) Math.ceil(40.0 * count / statistics.pairs()));
                line(text, "  %5.2f to %5.2f  %,10d  %s", from, from + 2.0 / NeighborhoodStatistics.BINS, count, bar);
            }
        }
        if (lemma != null) {
            line(
                    text,
                    "Lemma 3.1 on %,d pairs: largest violation %.2g, left side at most %.3f of the right",
                    lemma.pairs(),
                    lemma.maxViolation(),
                    lemma.tightness());
            line(
                    text,
                    "memories retrieved in common: %.1f %% with a neighbour, %.1f %% with a task taken at random",
                    100 * lemma.overlap(),
                    100 * lemma.randomOverlap());
        }
        line(text, "%.1f s: embedding %.1f, search %.1f (%s)", all, embedding, search, index);
        return text.toString().stripTrailing();
    }

    private static void line(StringBuilder text, String format, Object... arguments) {
        text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }
}
