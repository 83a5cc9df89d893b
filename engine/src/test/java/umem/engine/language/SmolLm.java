package umem.engine.language;

import java.nio.file.Path;
import java.util.List;
import umem.bindings.llama.LlamaLibrary;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

/// The small model that tests of the machinery run, on one thread: more of them wait for each other in busy loops,
/// which takes forever on a machine that has other work.
final class SmolLm {
    private SmolLm() {}

    static LlamaLibrary library() {
        return LlamaLibrary.load(Provision.standard(Progress.silent()).libraries(Accelerator.CPU));
    }

    static Path file() {
        return Provision.standard(Progress.silent()).model("smollm2-135m-instruct");
    }

    static LocalLanguageModel open(int contextLength, int sequences) {
        return open(file(), contextLength, sequences);
    }

    static LocalLanguageModel open(Path file, int contextLength, int sequences) {
        return LocalLanguageModel.open(
                library(), file, new LocalLanguageModel.Options(contextLength, sequences, 1, false));
    }

    static GenerationRequest ask(String question, Sampling sampling) {
        return new GenerationRequest(List.of(ChatMessage.user(question)), sampling);
    }
}
