package umem.bench.search;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import umem.bench.peer.Vectors;

/// Made-up embeddings that cluster as texts do: points around 2000 centres in 32 dimensions, projected at random into
/// as many as are wanted, with noise on each, and of unit length. The same seed gives the same bits everywhere.
///
/// Their few true dimensions make them easy for approximate search; exact search takes as long on any data.
final class ClusteredVectors {
    private static final int CENTRES = 2000;
    private static final int LATENT = 32;
    private static final double SPREAD = 0.5;
    private static final double NOISE = 0.85;
    private static final long SEED = 7;
    /// Rows that one stream of random numbers makes, so that threads can share the work.
    private static final int BLOCK = 1000;

    private final int dimension;
    private final float[] projection;
    private final float[] centres;

    ClusteredVectors(int dimension) {
        this.dimension = dimension;
        RandomGenerator random = new SplittableRandom(SEED);
        projection = gaussian(random, dimension * LATENT);
        centres = gaussian(random, CENTRES * LATENT);
    }

    private static float[] gaussian(RandomGenerator random, int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /// Draws vectors.
    ///
    /// @param stream vectors of different streams are independent of each other: rows are 0, queries 1
    Vectors draw(int count, int stream, Arena arena) {
        MemorySegment values = arena.allocate(Math.max(1, 4L * dimension * count), 64);
        IntStream.range(0, Math.ceilDiv(count, BLOCK)).parallel().forEach(block -> {
            RandomGenerator random = new SplittableRandom(SEED + 31L * stream + 1_000_003L * (block + 1));
            float[] row = new float[dimension];
            for (int i = block * BLOCK; i < Math.min(count, (block + 1) * BLOCK); i++) {
                draw(random, row);
                MemorySegment.copy(row, 0, values, ValueLayout.JAVA_FLOAT, 4L * dimension * i, dimension);
            }
        });
        return new Vectors(count, dimension, values);
    }

    private void draw(RandomGenerator random, float[] row) {
        int centre = random.nextInt(CENTRES) * LATENT;
        float[] latent = new float[LATENT];
        for (int j = 0; j < LATENT; j++) {
            latent[j] = centres[centre + j] + (float) (SPREAD * random.nextGaussian());
        }
        double squares = 0;
        for (int i = 0; i < dimension; i++) {
            float sum = (float) (NOISE * random.nextGaussian());
            for (int j = 0; j < LATENT; j++) {
                sum += projection[i * LATENT + j] * latent[j];
            }
            row[i] = sum;
            squares += (double) sum * sum;
        }
        float scale = (float) (1 / Math.sqrt(squares));
        for (int i = 0; i < dimension; i++) {
            row[i] *= scale;
        }
    }
}
