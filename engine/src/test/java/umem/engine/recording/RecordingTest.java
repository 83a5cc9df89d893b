package umem.engine.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.embedding.Encoder;
import umem.engine.language.ChatMessage;
import umem.engine.language.GenerationRequest;
import umem.engine.language.LanguageModel;
import umem.engine.language.Sampling;
import umem.engine.testing.HashedWords;
import umem.engine.testing.ScriptedLanguageModel;
import umem.error.ErrorKind;
import umem.error.UmemException;

class RecordingTest {
    @TempDir
    Path folder;

    private final ScriptedLanguageModel model = ScriptedLanguageModel.answering(request ->
            request.sampling().seed() + " " + request.messages().getLast().content());
    private final HashedWords encoder = new HashedWords(16);

    private static GenerationRequest ask(String text, long seed) {
        return new GenerationRequest(List.of(ChatMessage.user(text)), Sampling.temperature(1, seed, 9));
    }

    @Test
    void aReplayNeedsNoModel() {
        try (Recording recording = Recording.to(folder)) {
            LanguageModel recorded = recording.languageModel("executor", () -> model);
            assertThat(recorded.generate(ask("a", 1)).text()).isEqualTo("1 a");
            assertThat(recorded.generate(ask("a", 2)).text()).isEqualTo("2 a");
            assertThat(recorded.generate(ask("a", 1)).text()).isEqualTo("1 a");
            assertThat(model.calls()).isEqualTo(2);
            assertThat(recording.encoder(() -> encoder).encode("some words")).isEqualTo(encoder.encode("some words"));
        }
        try (Recording recording = Recording.from(folder)) {
            LanguageModel replayed = recording.languageModel("executor", () -> {
                throw new AssertionError("a replay opens no model");
            });
            assertThat(replayed.name()).isEqualTo(model.name());
            assertThat(replayed.fingerprint()).isEqualTo(model.fingerprint());
            assertThat(replayed.generate(ask("a", 2)).text()).isEqualTo("2 a");
            assertThatThrownBy(() -> replayed.generate(ask("b", 2)))
                    .isInstanceOfSatisfying(
                            UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                    .hasMessageContaining("does not hold the answer");
            Encoder again = recording.encoder(() -> encoder);
            assertThat(again.encode("some words")).isEqualTo(encoder.encode("some words"));
            assertThat(again.dimension()).isEqualTo(16);
            assertThatThrownBy(() -> again.encode("other words")).isInstanceOf(UmemException.class);
        }
    }

    @Test
    void aRecordingThatWasCutOffGoesOn() throws Exception {
        try (Recording recording = Recording.to(folder)) {
            recording.languageModel("executor", () -> model).generate(ask("a", 1));
        }
        Path file = folder.resolve("executor.jsonl");
        Files.writeString(file, "{\"key\":\"12", StandardOpenOption.APPEND);
        try (Recording recording = Recording.to(folder)) {
            LanguageModel recorded = recording.languageModel("executor", () -> model);
            recorded.generate(ask("a", 1));
            recorded.generate(ask("b", 1));
        }
        assertThat(model.calls()).isEqualTo(2);
        assertThat(Files.readAllLines(file)).hasSize(3);
    }

    @Test
    void whatIsNoRecordingIsRefused() throws Exception {
        assertThatThrownBy(() -> Recording.from(folder.resolve("none"))).hasMessageContaining("--record");
        try (Recording recording = Recording.from(folder)) {
            assertThatThrownBy(() -> recording.languageModel("executor", () -> model))
                    .hasMessageContaining("executor.jsonl");
            Files.writeString(folder.resolve("executor.jsonl"), "");
            assertThatThrownBy(() -> recording.languageModel("executor", () -> model))
                    .hasMessageContaining("empty");
            Files.writeString(folder.resolve("executor.jsonl"), "{\"name\":\"x\"}\n");
            assertThatThrownBy(() -> recording.languageModel("executor", () -> model))
                    .hasMessageContaining("line 1");
        }
        Files.writeString(folder.resolve("executor.jsonl"), "{\"name\":\"x\",\"fingerprint\":\"y\",\"size\":1}\n");
        try (Recording recording = Recording.to(folder)) {
            assertThatThrownBy(() -> recording.languageModel("executor", () -> model))
                    .hasMessageContaining("another folder");
        }
    }
}
