package umem.trainer.grpo;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Group-relative advantages (paper, Algorithm 1 line 8; spec, section 6).
///
/// Rewards and advantages live off-heap as native-order float32, one value per rollout of the group.
public enum GroupAdvantage {
    /// `A_g = r_g - mean(r)`: Algorithm 1.
    MEAN {
        @Override
        double scale(double populationDeviation) {
            return 1;
        }
    },
    /// `A_g = (r_g - mean(r)) / (std(r) + 1e-6)`: standard GRPO, with the population deviation.
    STANDARDISED {
        @Override
        double scale(double populationDeviation) {
            return 1 / (populationDeviation + 1e-6);
        }
    };

    abstract double scale(double populationDeviation);

    /// Computes the advantages of one group. A group whose rewards are all equal carries no gradient: its advantages
    /// are exactly 0, whatever rounding would say.
    ///
    /// @param rewards `size` float32 values
    /// @param advantages receives `size` float32 values; may be the same segment
    /// @param size the number of rollouts G, at least 1
    /// @throws IndexOutOfBoundsException if a segment is too small
    /// @throws IllegalArgumentException if size is below 1 or a reward is not finite
    public void compute(MemorySegment rewards, MemorySegment advantages, int size) {
        if (size < 1) {
            throw new IllegalArgumentException("a group has at least one rollout, not " + size);
        }
        float first = rewards.getAtIndex(ValueLayout.JAVA_FLOAT, 0);
        boolean equal = true;
        double sum = 0;
        for (int g = 0; g < size; g++) {
            float reward = rewards.getAtIndex(ValueLayout.JAVA_FLOAT, g);
            if (!Float.isFinite(reward)) {
                throw new IllegalArgumentException("reward " + g + " is " + reward);
            }
            equal &= reward == first;
            sum += reward;
        }
        double mean = sum / size;
        double squares = 0;
        for (int g = 0; g < size; g++) {
            double deviation = rewards.getAtIndex(ValueLayout.JAVA_FLOAT, g) - mean;
            squares += deviation * deviation;
        }
        double scale = scale(Math.sqrt(squares / size));
        for (int g = 0; g < size; g++) {
            double deviation = rewards.getAtIndex(ValueLayout.JAVA_FLOAT, g) - mean;
            advantages.setAtIndex(ValueLayout.JAVA_FLOAT, g, equal ? 0 : (float) (deviation * scale));
        }
    }
}
