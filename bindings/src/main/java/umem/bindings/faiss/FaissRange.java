package umem.bindings.faiss;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// All rows within a limit of each query of a batch.
///
/// @param ends `ends[q]` is where the hits of query `q` end, and those of the next begin, in the other two
/// @param ids ids, query by query, in no order
/// @param scores inner products, or squared distances, in the same order
public record FaissRange(int[] ends, long[] ids, float[] scores) {

    /// Copies native hits of `n` queries.
    static FaissRange copy(FaissLibrary library, MemorySegment hits, long n) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limits = arena.allocate(ValueLayout.ADDRESS);
            MemorySegment ids = arena.allocate(ValueLayout.ADDRESS);
            MemorySegment scores = arena.allocate(ValueLayout.ADDRESS);
            library.call("umem_faiss_hits_get", () -> library.abi().hitsGet(hits, limits, ids, scores));
            MemorySegment from = limits.get(ValueLayout.ADDRESS, 0).reinterpret(8 * (n + 1));
            long total = from.getAtIndex(ValueLayout.JAVA_LONG, n);
            if (total > Integer.MAX_VALUE - 8L) {
                throw new IllegalArgumentException(total + " hits are too many for one batch: raise the limit");
            }
            int[] ends = new int[(int) n];
            for (int q = 0; q < n; q++) {
                ends[q] = (int) from.getAtIndex(ValueLayout.JAVA_LONG, q + 1L);
            }
            return new FaissRange(
                    ends,
                    ids.get(ValueLayout.ADDRESS, 0).reinterpret(8 * total).toArray(ValueLayout.JAVA_LONG),
                    scores.get(ValueLayout.ADDRESS, 0).reinterpret(4 * total).toArray(ValueLayout.JAVA_FLOAT));
        }
    }
}
