package umem.engine.search;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Conversion of rows to half precision, and how far that puts them off: the greatest Euclidean distance of a row to
/// what became of it bounds the error of every score.
///
/// Values beyond the range of half precision become its greatest, at a great distance. Owns one arena. Thread rule: one
/// thread at a time.
final class HalfRows implements AutoCloseable {
    private static final float MAX = 65504;

    private final Arena arena = Arena.ofShared();
    private final int dimension;
    private final MemorySegment row;
    private double maxDistance;
    private double maxNorm;

    /// @param dimension values a row
    HalfRows(int dimension) {
        this.dimension = dimension;
        this.row = arena.allocate(2L * dimension, 64);
    }

    /// Room for so many rows.
    MemorySegment allocate(int rows) {
        return arena.allocate(2L * dimension * rows, 64);
    }

    /// Converts a row.
    ///
    /// @param values at least `dimension` of them, finite
    /// @return native memory that the next call overwrites
    MemorySegment convert(float[] values) {
        double squares = 0;
        double distances = 0;
        for (int i = 0; i < dimension; i++) {
            short half = half(values[i]);
            double kept = Float.float16ToFloat(half);
            squares += kept * kept;
            distances += (values[i] - kept) * (values[i] - kept);
            row.setAtIndex(ValueLayout.JAVA_SHORT, i, half);
        }
        maxNorm = Math.max(maxNorm, Math.sqrt(squares));
        maxDistance = Math.max(maxDistance, Math.sqrt(distances));
        return row;
    }

    /// Rounds a query to values that half precision holds, since some devices multiply in half precision.
    ///
    /// @param query at least `dimension` values
    /// @param into receives the rounded ones from index `at` on
    /// @return how far at most the score of a converted row, computed on a device, is from the exact score
    double round(float[] query, float[] into, int at) {
        double squares = 0;
        double distances = 0;
        for (int i = 0; i < dimension; i++) {
            float kept = Float.float16ToFloat(half(query[i]));
            into[at + i] = kept;
            squares += (double) query[i] * query[i];
            distances += ((double) query[i] - kept) * ((double) query[i] - kept);
        }
        double norm = Math.sqrt(squares);
        double distance = Math.sqrt(distances);
        // q.x - r.y = q.(x - y) + (q - r).y for the rounded r and y, by Cauchy and Schwarz; then what the sums in
        // single
        // precision lose, here (rounding) and there (rounding or cutting off).
        double sums = (norm + distance) * (maxNorm + maxDistance) * dimension * (0x1p-23 + 0x1p-24);
        return norm * maxDistance + distance * maxNorm + sums;
    }

    private static short half(float value) {
        return Float.floatToFloat16(Math.clamp(value, -MAX, MAX));
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
