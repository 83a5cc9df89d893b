package umem.engine.search;

/// How far a cheap score may lie from the exact one, so that a search which only scores the candidates exactly leaves
/// none out. All of it is worst case, by the inequality of Cauchy and Schwarz: `|<q, x>| <= |q| * |x|`.
final class Bounds {
    /// More than what is lost where a product of two norms is below the range of normal numbers.
    static final float TINY = 0x1p-120f;

    /// The largest norm that is counted on: the product of two is far from overflow.
    private static final double LARGEST = 1e18;

    private Bounds() {}

    /// The most that an exact kernel and another float32 sum of the same products, in any order, fused or not, may
    /// differ, by the product of the norms. A sum of n products is off by at most about `n * 2^-24` of it.
    static double rounding(int stride) {
        return (stride + 16) * 0x1p-23;
    }

    /// The Euclidean norm of `length` values from `at` on, not below the true one and at most 2e-6 of it above;
    /// infinite
    /// where it is beyond what bounds can count on.
    static float norm(float[] values, int at, int length) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int end = at + length;
        int i = at;
        for (; i < end - 3; i += 4) {
            s0 += (double) values[i] * values[i];
            s1 += (double) values[i + 1] * values[i + 1];
            s2 += (double) values[i + 2] * values[i + 2];
            s3 += (double) values[i + 3] * values[i + 3];
        }
        for (; i < end; i++) {
            s0 += (double) values[i] * values[i];
        }
        return above(Math.sqrt(s0 + s1 + (s2 + s3)));
    }

    /// The least float that is not below the value, allowing for the rounding of a few operations on doubles and
    /// floats.
    static float above(double value) {
        return value > LARGEST ? Float.POSITIVE_INFINITY : Math.nextUp((float) (value * (1 + 0x1p-20)));
    }
}
