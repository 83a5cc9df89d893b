package umem.engine.language;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import umem.bindings.llama.LlamaLibrary;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

class LocalLanguageModelTest {
    @Test
    void firstLight() {
        Provision p = Provision.standard(Progress.silent());
        LlamaLibrary library = LlamaLibrary.load(p.libraries(Accelerator.CPU));
        try (LocalLanguageModel model = LocalLanguageModel.open(
                library, p.model("smollm2-135m-instruct"), LocalLanguageModel.Options.defaults())) {
            System.out.println(model.name() + " " + model.fingerprint());
            long t = System.nanoTime();
            System.out.println(model.generate(
                    new GenerationRequest(List.of(ChatMessage.user("Name three colours.")), Sampling.greedy(40))));
            System.out.println((System.nanoTime() - t) / 1e6);
            t = System.nanoTime();
            System.out.println(model.generate(
                    new GenerationRequest(List.of(ChatMessage.user("Name three animals.")), Sampling.greedy(40))));
            System.out.println((System.nanoTime() - t) / 1e6);
            System.out.println(model.tokenCounts());
            assertThat(model.tokenCounts().promptShared()).isPositive();
        }
    }
}
