package umem.bindings.faiss;

import java.util.Random;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

/// The provisioned library, and rows to put into it.
final class Faiss {
    private Faiss() {}

    static FaissLibrary library() {
        return FaissLibrary.load(
                Provision.standard(Progress.silent()).libraries(Accelerator.CPU).faiss());
    }

    static float[] rows(Random random, int count, int dimension) {
        float[] rows = new float[count * dimension];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (float) random.nextGaussian();
        }
        return rows;
    }

    static long[] ids(long first, int count) {
        long[] ids = new long[count];
        for (int i = 0; i < count; i++) {
            ids[i] = first + i;
        }
        return ids;
    }
}
