package umem.engine.evolution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import umem.engine.testing.Seed;

class PairedIntervalTest {
    @Test
    void isTheNormalIntervalWhereThereAreManyTasks() throws Exception {
        Seed.run(random -> {
            double[] differences = new double[2_000];
            for (int i = 0; i < differences.length; i++) {
                differences[i] = random.nextInt(3) - 1 + (random.nextDouble() < 0.2 ? 1 : 0);
            }
            double mean = Arrays.stream(differences).average().orElseThrow();
            double variance = Arrays.stream(differences)
                    .map(d -> (d - mean) * (d - mean))
                    .average()
                    .orElseThrow();
            double half = 1.96 * Math.sqrt(variance / differences.length);
            PairedInterval interval = PairedInterval.of(differences);
            assertThat(interval.mean()).isEqualTo(mean, within(1e-12));
            assertThat(interval.low()).isEqualTo(mean - half, within(half / 8));
            assertThat(interval.high()).isEqualTo(mean + half, within(half / 8));
        });
    }

    @Test
    void isAPointWhereNothingDiffers() {
        assertThat(PairedInterval.of(new double[24])).isEqualTo(new PairedInterval(0, 0, 0));
        assertThat(PairedInterval.of(new double[] {1})).isEqualTo(new PairedInterval(1, 1, 1));
    }

    @Test
    void isTheSameEveryTime() {
        double[] differences = {1, 0, 0, -1, 1, 1, 0, 0.5};
        assertThat(PairedInterval.of(differences)).isEqualTo(PairedInterval.of(differences.clone()));
    }

    @Test
    void needsTasks() {
        assertThatThrownBy(() -> PairedInterval.of(new double[0])).isInstanceOf(IllegalArgumentException.class);
    }
}
