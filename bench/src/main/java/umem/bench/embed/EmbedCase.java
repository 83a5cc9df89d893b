package umem.bench.embed;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import tools.jackson.databind.node.ObjectNode;
import umem.bench.measure.CaseResult;
import umem.bench.measure.Rounds;
import umem.bench.measure.Timing;
import umem.cli.terminal.Json;

/// Embedding a batch of texts of one length.
///
/// @param samples the texts
/// @param batch texts a call
/// @param threads threads that compute
record EmbedCase(SampleTexts samples, int batch, int threads) {
    /// The least cosine of two encoders' embeddings of the same text that is right: float32 everywhere.
    private static final double RIGHT = 0.999;

    /// Its name: `20-tokens-x16`, with the threads where there are several.
    String name() {
        return samples.tokens()[0].length + "-tokens-x" + batch + (threads == 1 ? "" : "-threads-" + threads);
    }

    /// Times everyone, and compares every embedding with that of the judge.
    ///
    /// @param embedders ours first; the last is the judge
    /// @param report hears whose embeddings are wrong
    /// @return two results for each of ours: its speed, and the least cosine to the judge
    List<CaseResult> run(List<Embedder> embedders, Rounds rounds, Consumer<String> report) {
        rounds.monitor().check("comparing embeddings");
        List<float[][]> embeddings = embedders.stream().map(this::embeddings).toList();
        double[] cosines = new double[embedders.size()];
        boolean checked = true;
        for (int i = 0; i < cosines.length; i++) {
            cosines[i] = leastCosine(embeddings.get(i), embeddings.getLast());
            if (!(cosines[i] >= RIGHT)) {
                checked = false;
                report.accept(String.format(
                        Locale.ROOT,
                        "wrong: %s: cosine %.6f to %s",
                        embedders.get(i).name(),
                        cosines[i],
                        embedders.getLast().name()));
            }
        }
        List<Timing> timings = rounds.measure(embedders.stream()
                .map(embedder -> embedder.contender(samples, batch))
                .toList());
        List<CaseResult> results = new ArrayList<>();
        for (int i = 0; i < embedders.size(); i++) {
            if (embedders.get(i).own()) {
                ObjectNode details = details(embedders, timings, cosines, rounds, checksum(embeddings.get(i)));
                results.add(speed(embedders, timings, i, checked, details));
                results.add(new CaseResult(
                        name() + "-cosine",
                        embedders.get(i).name(),
                        cosines[i],
                        "cosine",
                        Map.of(),
                        null,
                        null,
                        0,
                        checked,
                        details));
            }
        }
        return results;
    }

    /// All texts, in batches as they are timed.
    private float[][] embeddings(Embedder embedder) {
        float[][] all = new float[samples.texts().size() / batch * batch][];
        for (int first = 0; first < all.length; first += batch) {
            float[][] rows = embedder.embed(samples.texts(first, batch), samples.tokens(first, batch));
            System.arraycopy(rows, 0, all, first, batch);
        }
        return all;
    }

    private static double leastCosine(float[][] ours, float[][] theirs) {
        double least = 1;
        for (int i = 0; i < ours.length; i++) {
            double dot = 0;
            double a = 0;
            double b = 0;
            for (int j = 0; j < ours[i].length; j++) {
                dot += (double) ours[i][j] * theirs[i][j];
                a += (double) ours[i][j] * ours[i][j];
                b += (double) theirs[i][j] * theirs[i][j];
            }
            double cosine = dot / Math.sqrt(a * b);
            // Rows are to have unit length too.
            least = Math.abs(a - 1) < 1e-3 ? Math.min(least, cosine) : Double.NaN;
        }
        return least;
    }

    private static String checksum(float[][] rows) {
        CRC32C checksum = new CRC32C();
        java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate(4 * rows[0].length);
        for (float[] row : rows) {
            bytes.clear().asFloatBuffer().put(row);
            checksum.update(bytes.array());
        }
        return Long.toHexString(checksum.getValue());
    }

    private CaseResult speed(
            List<Embedder> embedders, List<Timing> timings, int own, boolean checked, ObjectNode details) {
        Map<String, Double> ratios = new LinkedHashMap<>();
        for (int i = 0; i < timings.size(); i++) {
            if (i != own) {
                ratios.put(embedders.get(i).name(), timings.get(own).speedUp(timings.get(i)));
            }
        }
        return new CaseResult(
                name(),
                embedders.get(own).name(),
                1e9 / timings.get(own).median(),
                "texts/s",
                ratios,
                null,
                null,
                timings.get(own).spread(),
                checked,
                details);
    }

    private ObjectNode details(
            List<Embedder> embedders, List<Timing> timings, double[] cosines, Rounds rounds, String checksum) {
        ObjectNode details = Json.object()
                .put("tokens", samples.tokens()[0].length)
                .put("batch", batch)
                .put("threads", threads)
                .put("rounds", rounds.rounds())
                .put("clock", rounds.clock().name().toLowerCase(Locale.ROOT))
                .put("checked_against", embedders.getLast().name())
                .put("checksum", checksum);
        ObjectNode all = details.putObject("contenders");
        for (int i = 0; i < timings.size(); i++) {
            Timing timing = timings.get(i);
            all.putObject(timing.name())
                    .put("version", embedders.get(i).version())
                    .put("texts_per_s", 1e9 / timing.median())
                    .put("texts_per_s_min", 1e9 / timing.max())
                    .put("texts_per_s_max", 1e9 / timing.min())
                    .put("cosine", cosines[i]);
        }
        return details;
    }
}
