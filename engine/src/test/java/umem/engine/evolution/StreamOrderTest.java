package umem.engine.evolution;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class StreamOrderTest {
    @Test
    void isThatOfTheFileUnlessShuffled() {
        assertThat(StreamOrder.of(5, 3, StreamOptions.paper())).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void aSeedAndAnEpochNameAPermutation() {
        int[] first = StreamOrder.of(100, 0, shuffled(7));
        assertThat(first).isEqualTo(StreamOrder.of(100, 0, shuffled(7)));
        assertThat(first).isNotEqualTo(StreamOrder.of(100, 1, shuffled(7)));
        assertThat(first).isNotEqualTo(StreamOrder.of(100, 0, shuffled(8)));
        int[] sorted = first.clone();
        Arrays.sort(sorted);
        assertThat(sorted).isEqualTo(StreamOrder.of(100, 0, StreamOptions.paper()));
    }

    private static StreamOptions shuffled(long seed) {
        return new StreamOptions(3, -1, true, 2, true, seed);
    }
}
