package umem.engine.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import umem.bindings.llama.LlamaLibrary;
import umem.bindings.llama.Model;
import umem.bindings.llama.ModelOptions;
import umem.engine.Encoders;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

class EncodingThreadTest {

    /// What a GPU is given; only that it makes no difference can be shown on a CPU.
    @Test
    void textsInOneBatchHaveTheRowsOfTextsByThemselves() {
        Provision provision = Provision.standard(Progress.silent()).withOffline(true);
        LlamaLibrary library = LlamaLibrary.load(provision.libraries(Accelerator.CPU));
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            texts.add("a text about number " + i + ", longer than the last ".repeat(i));
        }
        texts.add(3, "");
        texts.add(5, "about as long as a batch has room for ".repeat(24));
        try (Model model = Model.load(library, Encoders.file(provision, Encoders.STANDARD), ModelOptions.cpu());
                EncodingThread alone = new EncodingThread(model, 1);
                EncodingThread together = new EncodingThread(model, 1, 4)) {
            float[] expected = alone.encode(texts);
            float[] actual = together.encode(texts);
            assertThat(actual).hasSameSizeAs(expected);
            int dimension = model.embeddingLength();
            for (int text = 0; text < texts.size(); text++) {
                double product = 0;
                double squares = 0;
                double others = 0;
                for (int i = text * dimension; i < (text + 1) * dimension; i++) {
                    product += (double) expected[i] * actual[i];
                    squares += (double) expected[i] * expected[i];
                    others += (double) actual[i] * actual[i];
                }
                assertThat(product / Math.sqrt(squares * others)).isCloseTo(1, within(1e-5));
            }
        }
    }
}
