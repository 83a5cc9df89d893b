package umem.engine.search;

import org.jspecify.annotations.Nullable;

/// How an [ApproximateIndex] trades speed for recall.
///
/// @param base FAISS's factory string for the base, as for [umem.bindings.faiss.FaissIndex#create] but without `IDMap`;
///     null for inverted lists of int8 rows, as many as four times the square root of the rows
/// @param nprobe inverted lists that a search visits, 1 to 2^20; 0 for every 64th, 8 at least, which find
///     99 of 100 nearest rows of clustered data. More find more, and take longer in proportion
/// @param efSearch candidates that a search in a graph keeps, 1 to 2^20; 0 for 64
/// @param minRows fewer rows than this are scanned exactly, without a base; at least 1
/// @param rebuildShare the share of the rows that may have changed before the base is built anew, above 0: the changed
///     ones are scanned exactly, so a share of 0.05 costs a twentieth of the time of a flat scan at most
public record ApproximateOptions(@Nullable String base, int nprobe, int efSearch, int minRows, double rebuildShare) {
    /// The largest value of a parameter.
    private static final int MAX = 1 << 20;

    public ApproximateOptions {
        require(nprobe >= 0 && nprobe <= MAX, "nprobe", nprobe);
        require(efSearch >= 0 && efSearch <= MAX, "efSearch", efSearch);
        require(minRows >= 1, "minRows", minRows);
        require(rebuildShare > 0, "rebuildShare", rebuildShare);
    }

    private static void require(boolean condition, String name, Number value) {
        if (!condition) {
            throw new IllegalArgumentException(name + " " + value + " is out of range");
        }
    }

    /// What suits embeddings of 20,000 rows or more.
    public static ApproximateOptions standard() {
        return new ApproximateOptions(null, 0, 0, 20_000, 0.05);
    }

    /// The factory string of a base of so many rows.
    String baseFor(int rows) {
        return base != null ? base : "IVF" + Math.clamp(Math.round(4 * Math.sqrt(rows)), 1, MAX) + ",SQ8";
    }
}
