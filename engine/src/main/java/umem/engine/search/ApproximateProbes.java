package umem.engine.search;

import java.util.ArrayDeque;
import java.util.Deque;

/// The probes that no search uses at the moment: as many as ever searched at once. Safe for use by several threads.
final class ApproximateProbes {
    private final RowStore rows;
    private final SearchKernels kernels;
    private final Deque<ApproximateProbe> free = new ArrayDeque<>();

    ApproximateProbes(RowStore rows, SearchKernels kernels) {
        this.rows = rows;
        this.kernels = kernels;
    }

    synchronized ApproximateProbe take() {
        ApproximateProbe probe = free.pollLast();
        return probe == null ? new ApproximateProbe(rows, kernels) : probe;
    }

    synchronized void giveBack(ApproximateProbe probe) {
        free.addLast(probe);
    }
}
