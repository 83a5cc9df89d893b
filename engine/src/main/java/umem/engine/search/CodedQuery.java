package umem.engine.search;

import java.util.Arrays;

/// A query in the form that the kernels over codes take, and what its scores may be off by. Reused from search to
/// search.
final class CodedQuery {
    private float[] values = {};
    private short[] int8 = {};
    private float[] even = {};
    private float[] odd = {};
    private float step;
    private float perError;
    private float perNorm;

    /// @param query padded; kept until the next
    void set(float[] query, Quantisation quantisation, int dimension) {
        values = query;
        float norm = Bounds.norm(query, 0, dimension);
        double error = quantisation == Quantisation.INT8 ? int8(query, dimension) : bf16(query, dimension);
        // <q, x> - <q', x'> = <q, x - x'> + <q - q', x'>, and |x'| <= |x| + |x - x'|.
        perError = Bounds.above((double) norm + error);
        perNorm = Bounds.above(error + 2 * Bounds.rounding(query.length) * norm);
    }

    /// The padded query itself.
    float[] values() {
        return values;
    }

    private double int8(float[] query, int dimension) {
        int length = Quantisation.INT8.rowBytes(dimension);
        if (int8.length != length) {
            int8 = new short[length];
        }
        step = Int8Code.scale(query, dimension);
        double squares = 0;
        for (int i = 0; i < dimension; i++) {
            int code = Int8Code.of(query[i], step);
            double difference = query[i] - (double) step * code;
            int8[i] = (short) code;
            squares += difference * difference;
        }
        Arrays.fill(int8, dimension, length, (short) 0);
        return Bounds.above(Math.sqrt(squares));
    }

    /// The query itself stays exact.
    private double bf16(float[] query, int dimension) {
        int length = Quantisation.BF16.rowBytes(dimension) / 4;
        if (even.length != length) {
            even = new float[length];
            odd = new float[length];
        }
        for (int i = 0; i < length; i++) {
            even[i] = 2 * i < dimension ? query[2 * i] : 0;
            odd[i] = 2 * i + 1 < dimension ? query[2 * i + 1] : 0;
        }
        step = 1;
        return 0;
    }

    /// The largest scores that `count` coded rows may have exactly.
    ///
    /// @param kernels reads the codes
    /// @param chunk the codes
    /// @param norms of the rows, not below the true ones
    /// @param out of [RowStore#ROWS], receives `count` scores; NaN stands for one that may be anything
    void bounds(CandidateKernels kernels, CodeChunk chunk, float[] norms, int count, float[] out) {
        // What lies beyond the rows belongs to the chunk too, and means nothing.
        int quarter = Math.ceilDiv(count, 4);
        if (chunk.quantisation() == Quantisation.INT8) {
            kernels.int8(int8, chunk.codes(), quarter, out);
        } else {
            kernels.bf16(even, odd, chunk.codes(), quarter, out);
        }
        float[] scales = chunk.scales();
        float[] errors = chunk.errors();
        float s = step;
        float e = perError;
        float n = perNorm;
        for (int i = 0; i < count; i++) {
            out[i] = out[i] * (s * scales[i]) + (e * errors[i] + n * norms[i] + Bounds.TINY);
        }
    }
}
