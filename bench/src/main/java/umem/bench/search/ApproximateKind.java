package umem.bench.search;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import umem.bench.peer.SearchEngine;
import umem.bindings.faiss.FaissLibrary;
import umem.engine.search.ApproximateIndex;
import umem.engine.search.ApproximateOptions;

/// What an approximate index looks for candidates in.
enum ApproximateKind {
    /// Inverted lists, the default.
    IVF(null, 1.5),
    /// A graph with 32 links a row.
    HNSW("HNSW32", 5);

    private static final int LEAST_ROWS = 1000;
    private static final double REBUILD_SHARE = 0.05;

    private final @Nullable String base;
    /// Beside the float32 rows.
    private final double baseBytesPerValue;

    ApproximateKind(@Nullable String base, double baseBytesPerValue) {
        this.base = base;
        this.baseBytesPerValue = baseBytesPerValue;
    }

    /// The name of its case.
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// The engine's index of this kind: a base of 99 rows in 100, the others in its delta.
    OwnEngine engine(FaissLibrary faiss) {
        return new OwnEngine(
                label() + " base, exact delta",
                SearchEngine.Kind.GRAPH,
                4 + baseBytesPerValue,
                dimension -> new ApproximateIndex(
                        faiss, dimension, new ApproximateOptions(base, 0, 0, LEAST_ROWS, REBUILD_SHARE)),
                index -> ((ApproximateIndex) index).rebuild());
    }
}
