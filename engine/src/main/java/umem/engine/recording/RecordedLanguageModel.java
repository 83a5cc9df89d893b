package umem.engine.recording;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import umem.engine.language.ChatMessage;
import umem.engine.language.Generation;
import umem.engine.language.GenerationRequest;
import umem.engine.language.LanguageModel;

/// A model whose generations are recorded, or a recording that stands for the model. Failures are not recorded. A
/// request that was recorded before is answered from the recording, so a run that is resumed goes on with the same
/// words.
final class RecordedLanguageModel implements LanguageModel {
    private final Tape<Generation> tape;
    private final @Nullable LanguageModel model;

    private RecordedLanguageModel(Tape<Generation> tape, @Nullable LanguageModel model) {
        this.tape = tape;
        this.model = model;
    }

    static RecordedLanguageModel record(Path file, LanguageModel model) {
        return new RecordedLanguageModel(
                Tape.record(
                        file, Generation.class, new Tape.Head(model.name(), model.fingerprint(), model.parallelism())),
                model);
    }

    static RecordedLanguageModel replay(Path file) {
        return new RecordedLanguageModel(Tape.replay(file, Generation.class), null);
    }

    @Override
    public String name() {
        return tape.head().name();
    }

    @Override
    public String fingerprint() {
        return tape.head().fingerprint();
    }

    @Override
    public int parallelism() {
        return tape.head().size();
    }

    @Override
    public CompletableFuture<Generation> submit(GenerationRequest request, Consumer<String> listener) {
        String key = key(request);
        Generation known = tape.find(key);
        if (known != null) {
            listener.accept(known.text());
            return CompletableFuture.completedFuture(known);
        }
        if (model == null) {
            return CompletableFuture.failedFuture(tape.missing());
        }
        CompletableFuture<Generation> running = model.submit(request, listener);
        CompletableFuture<Generation> recorded = running.thenApply(generation -> {
            tape.add(key, generation);
            return generation;
        });
        // Whoever cancels what he was given means the generation.
        recorded.whenComplete((generation, failure) -> {
            if (recorded.isCancelled()) {
                running.cancel(true);
            }
        });
        return recorded;
    }

    private static String key(GenerationRequest request) {
        List<String> parts = new ArrayList<>();
        parts.add(request.sampling().toString());
        parts.add(request.grammar() == null ? "" : request.grammar());
        for (ChatMessage message : request.messages()) {
            parts.add(message.role().wire());
            parts.add(message.content());
        }
        return Tape.key(parts);
    }

    /// Closes the recording; the model is its owner's.
    @Override
    public void close() {
        tape.close();
    }
}
