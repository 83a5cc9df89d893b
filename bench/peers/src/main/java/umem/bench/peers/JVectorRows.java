package umem.bench.peers;

import io.github.jbellis.jvector.graph.ListRandomAccessVectorValues;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;
import java.util.ArrayList;
import java.util.List;
import umem.bench.peer.Vectors;

/// Rows in the form that JVector's own provider wants.
final class JVectorRows {
    static final String VERSION = "4.0.2 ("
            + VectorizationProvider.getInstance().getClass().getSimpleName().replace("VectorizationProvider", "") + ")";

    private JVectorRows() {}

    static List<VectorFloat<?>> of(Vectors vectors) {
        VectorTypeSupport types = VectorizationProvider.getInstance().getVectorTypeSupport();
        List<VectorFloat<?>> rows = new ArrayList<>(vectors.count());
        for (int row = 0; row < vectors.count(); row++) {
            rows.add(types.createFloatVector(vectors.row(row)));
        }
        return rows;
    }

    static ListRandomAccessVectorValues values(Vectors vectors) {
        return new ListRandomAccessVectorValues(of(vectors), vectors.dimension());
    }

    static long heapBytes(int rows, int dimension) {
        return rows * (4L * dimension + 96);
    }
}
