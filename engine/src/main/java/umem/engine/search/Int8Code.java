package umem.engine.search;

/// Symmetric codes of 8 bits: a value is about its code times the scale of its row.
final class Int8Code {
    /// -128 is left out, so that a value and its negative have codes of one size.
    static final int LARGEST = 127;

    private Int8Code() {}

    /// The scale of a row, 0 where all values are 0 or too small for a scale above it.
    static float scale(float[] values, int dimension) {
        float largest = 0;
        for (int i = 0; i < dimension; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return largest / LARGEST;
    }

    /// The nearest code.
    static int of(float value, float scale) {
        if (scale == 0) {
            return 0;
        }
        // A scale below the normal range is coarse and may ask for more than the largest code.
        return Math.clamp((long) Math.rint((double) value / scale), -LARGEST, LARGEST);
    }
}
