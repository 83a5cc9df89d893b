package umem.engine.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import umem.engine.testing.Seed;

/// Every branch of equations (2) to (4), worked out by hand, and of the published code's formula.
class UtilityTest {
    @ParameterizedTest
    @CsvSource({
        // reference right and its length, augmented right and its length; G, R; published
        "false, 40, false, 10,  0,  0,     0",
        "false, 40, true,  80,  1,  0,     1",
        "true,  40, false, 10, -1,  0,     0",
        "true,  40, true,  40,  0,  0,     0",
        "true,  40, true,  30,  0,  0.25,  0.25",
        "true,  40, true,  50,  0, -0.25,  0",
        "true,  40, true, 200,  0, -4,     0",
        "true,  40, true,   0,  0,  1,     1",
        "true,   0, true,   5,  0,  0,     0",
        "true,   0, true,   0,  0,  0,     0",
    })
    void isWhatTheEquationsSay(
            boolean referenceRight,
            int referenceLength,
            boolean augmentedRight,
            int augmentedLength,
            double gain,
            double efficiency,
            double published) {
        Outcome reference = new Outcome(referenceRight, referenceLength);
        Outcome augmented = new Outcome(augmentedRight, augmentedLength);

        assertThat(Utility.of(reference, augmented)).isEqualTo(new Utility(gain, efficiency));
        assertThat(Utility.of(reference, augmented).total()).isEqualTo(gain + efficiency);
        assertThat(Utility.published(reference, augmented).total()).isCloseTo(published, within(1e-7));
    }

    @Test
    void isBoundedAboveAndNothingForTheSameExecution() throws Exception {
        Seed.run(random -> {
            for (int i = 0; i < 1000; i++) {
                Outcome a = new Outcome(random.nextBoolean(), random.nextInt(100));
                Outcome b = new Outcome(random.nextBoolean(), random.nextInt(100));
                Utility utility = Utility.of(a, b);
                assertThat(utility.total()).isLessThanOrEqualTo(1);
                assertThat(utility.successGain()).isBetween(-1.0, 1.0);
                assertThat(utility.efficiency() == 0 || utility.successGain() == 0)
                        .isTrue();
                assertThat(Utility.of(a, a).total()).isZero();
                assertThat(Utility.published(a, b).total()).isBetween(0.0, 1.0);
            }
        });
        assertThatIllegalArgumentException().isThrownBy(() -> new Outcome(true, -1));
    }
}
