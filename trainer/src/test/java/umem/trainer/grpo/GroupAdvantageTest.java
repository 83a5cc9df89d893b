package umem.trainer.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

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

    @Test
    void equalRewardsCarryNoGradient() {
        // 0.1f seven times: a mean by summation differs from 0.1f in its last bit.
        for (GroupAdvantage variant : GroupAdvantage.values()) {
            assertThat(compute(variant, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f))
                    .containsOnly(0f);
        }
    }

    @Test
    void refusesRewardsThatAreNotFinite() {
        assertThatThrownBy(() -> compute(GroupAdvantage.MEAN, 1, Float.NaN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("reward 1");
    }
}
