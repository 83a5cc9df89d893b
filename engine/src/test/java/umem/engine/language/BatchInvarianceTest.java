package umem.engine.language;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// With 4-bit weights, where the last bits of a logit depend on everything: the same answers whatever runs beside or
/// ran before.
class BatchInvarianceTest {
    private static final String SYSTEM = "You work at a parcel desk. Parcels above 30 kg leave by rail, parcels below"
            + " leave by road, and parcels that hold glass are carried by hand. Say what becomes of each parcel, and why."
            + " Parcels for the islands leave by boat on Tuesdays and Fridays; those that miss the boat wait in the dry"
            + " room, apart from plants, which are watered and sent on by air.";

    private static LocalLanguageModel open(int threads) {
        return LocalLanguageModel.open(
                SmolLm.library(), SmolLm.file(), new LocalLanguageModel.Options(512, 8, threads, false, true));
    }

    private static List<GenerationRequest> requests() {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            requests.add(new GenerationRequest(
                    List.of(ChatMessage.system(SYSTEM), ChatMessage.user("A parcel of " + (7 * i + 3) + " kg.")),
                    Sampling.greedy(24)));
        }
        return requests;
    }

    @Test
    void anAnswerDoesNotDependOnWhatElseRuns() {
        List<GenerationRequest> requests = requests();
        List<Generation> alone = new ArrayList<>();
        for (GenerationRequest request : requests) {
            try (LocalLanguageModel fresh = open(1)) {
                alone.add(fresh.generate(request));
            }
        }
        try (LocalLanguageModel model = open(2)) {
            assertThat(model.parallelism()).isEqualTo(1);
            assertThat(model.generateAll(requests)).isEqualTo(alone);
            List<GenerationRequest> otherOrder = new ArrayList<>(requests);
            Collections.shuffle(otherOrder, new Random(7));
            List<Generation> again = model.generateAll(otherOrder);
            for (int i = 0; i < requests.size(); i++) {
                assertThat(again.get(otherOrder.indexOf(requests.get(i)))).isEqualTo(alone.get(i));
            }
            // Whole pieces of the common prefix are taken over all the same.
            assertThat(model.tokenCounts().promptShared()).isPositive();
            try (LocalLanguageModel usual = SmolLm.open(512, 8)) {
                assertThat(model.fingerprint())
                        .isNotEqualTo(usual.fingerprint())
                        .endsWith("+batch-invariant");
            }
        }
    }
}
