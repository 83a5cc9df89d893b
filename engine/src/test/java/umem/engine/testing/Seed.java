package umem.engine.testing;

import java.util.Random;
import org.junit.jupiter.api.Assertions;

/// Seeded random tests: a failure names its seed, and `-Dtests.seed=SEED` replays it.
public final class Seed {
    private Seed() {}

    /// Runs a random test with a fresh seed, or with the one of `-Dtests.seed`.
    public static void run(RandomTest test) throws Exception {
        Long wanted = Long.getLong("tests.seed");
        long seed = wanted != null ? wanted : new Random().nextLong();
        try {
            test.run(new Random(seed));
        } catch (Exception | AssertionError failure) {
            Assertions.fail("replay with -Dtests.seed=" + seed + ": " + failure, failure);
        }
    }

    /// A test driven by one source of random numbers.
    @FunctionalInterface
    public interface RandomTest {
        void run(Random random) throws Exception;
    }
}
