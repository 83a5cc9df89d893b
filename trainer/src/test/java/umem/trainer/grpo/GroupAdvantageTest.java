package umem.trainer.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GroupAdvantageTest {
    private static float[] compute(GroupAdvantage variant, float... rewards) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_FLOAT, rewards);
            variant.compute(segment, segment, rewards.length);
            return segment.toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    @Test
    void subtractsTheMean() {
        assertThat(compute(GroupAdvantage.MEAN, 1, 2, 0, 1)).containsExactly(0, 1, -1, 0);
    }

    @Test
    void dividesByThePopulationDeviation() {
        float[] advantages = compute(GroupAdvantage.STANDARDISED, 1, 2, 0, 1);
        float expected = (float) (1 / (Math.sqrt(0.5) + 1e-6));
        assertThat(advantages[1]).isCloseTo(expected, within(1e-6f));
        assertThat(advantages[2]).isCloseTo(-expected, within(1e-6f));
    }

    /// Both variants against decimal arithmetic, for rewards as they occur: format plus a mean over neighbours.
    @Test
    void agreesWithTheFormulaInDecimals() {
        long seed = Long.getLong("tests.seed", new Random().nextLong());
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            float[] rewards = new float[1 + random.nextInt(16)];
            BigDecimal sum = BigDecimal.ZERO;
            for (int g = 0; g < rewards.length; g++) {
                rewards[g] = random.nextInt(2) + (random.nextInt(7) - 3) / 3f + random.nextInt(3) * random.nextFloat();
                sum = sum.add(new BigDecimal(rewards[g]));
            }
            BigDecimal size = BigDecimal.valueOf(rewards.length);
            BigDecimal mean = sum.divide(size, MathContext.DECIMAL128);
            BigDecimal squares = BigDecimal.ZERO;
            for (float reward : rewards) {
                squares = squares.add(new BigDecimal(reward).subtract(mean).pow(2));
            }
            double deviation = squares.divide(size, MathContext.DECIMAL128)
                    .sqrt(MathContext.DECIMAL128)
                    .doubleValue();
            float[] centred = compute(GroupAdvantage.MEAN, rewards);
            float[] standardised = compute(GroupAdvantage.STANDARDISED, rewards);
            for (int g = 0; g < rewards.length; g++) {
                double expected = new BigDecimal(rewards[g]).subtract(mean).doubleValue();
                assertThat((double) centred[g]).as("seed " + seed).isCloseTo(expected, within(1e-6));
                assertThat((double) standardised[g])
                        .as("seed " + seed)
                        .isCloseTo(expected / (deviation + 1e-6), within(1e-5));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(GroupAdvantage.class)
    void equalRewardsCarryNoGradient(GroupAdvantage variant) {
        // 0.1f seven times: a mean by summation differs from 0.1f in its last bit.
        for (int size = 1; size <= 16; size++) {
            for (float reward : new float[] {0, 0.1f, 1f / 3, -2.7f, 1e30f}) {
                float[] rewards = new float[size];
                java.util.Arrays.fill(rewards, reward);
                assertThat(compute(variant, rewards)).containsOnly(0f);
            }
        }
        assertThat(compute(variant, 0f, -0f)).as("two zeros are equal").containsOnly(0f);
    }

    @ParameterizedTest
    @EnumSource(GroupAdvantage.class)
    void aTinyDifferenceIsNotBlownUp(GroupAdvantage variant) {
        float[] advantages = compute(variant, 1f, Math.nextUp(1f));
        assertThat(advantages[1]).isPositive().isLessThan(0.1f);
        assertThat(advantages[0]).isEqualTo(-advantages[1]);
    }

    @Test
    void leavesTheRewardsAndWhatLiesBehindAlone() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rewards = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 3, 99);
            MemorySegment advantages = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 7, 7, 7);
            GroupAdvantage.MEAN.compute(rewards, advantages, 2);
            assertThat(rewards.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(1, 3, 99);
            assertThat(advantages.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(-1, 1, 7);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void refusesRewardsThatAreNotFinite(float reward) {
        assertThatThrownBy(() -> compute(GroupAdvantage.MEAN, 1, reward))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("reward 1");
    }

    @Test
    void refusesEmptyGroupsAndSegmentsThatAreTooSmall() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment two = arena.allocate(8, 4);
            MemorySegment three = arena.allocate(12, 4);
            assertThatThrownBy(() -> GroupAdvantage.MEAN.compute(two, two, 0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> GroupAdvantage.MEAN.compute(two, three, 3))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> GroupAdvantage.MEAN.compute(three, two, 3))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }
}
