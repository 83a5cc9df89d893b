package umem.engine.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import umem.engine.language.Generation;
import umem.engine.language.GenerationRequest;
import umem.engine.language.LanguageModel;

/// A language model whose answers are a function of the request. It records what it was asked, and fails with whatever
/// the function throws. A token is a word. Safe for all threads.
public final class ScriptedLanguageModel implements LanguageModel {
    private final Function<GenerationRequest, String> script;
    private final List<GenerationRequest> requests = new ArrayList<>();

    private ScriptedLanguageModel(Function<GenerationRequest, String> script) {
        this.script = script;
    }

    /// Answers as the function says; what it throws fails the generation.
    public static ScriptedLanguageModel answering(Function<GenerationRequest, String> script) {
        return new ScriptedLanguageModel(script);
    }

    /// Gives the same answer always.
    public static ScriptedLanguageModel answering(String text) {
        return new ScriptedLanguageModel(request -> text);
    }

    /// Fails always.
    public static ScriptedLanguageModel failing(RuntimeException failure) {
        return new ScriptedLanguageModel(request -> {
            throw failure;
        });
    }

    /// How often it was called.
    public synchronized int calls() {
        return requests.size();
    }

    /// What it was asked, in order.
    public synchronized List<GenerationRequest> requests() {
        return List.copyOf(requests);
    }

    /// The content of the last turn that it was given.
    public synchronized String lastPrompt() {
        return requests.getLast().messages().getLast().content();
    }

    @Override
    public String name() {
        return "scripted";
    }

    @Override
    public String fingerprint() {
        return "scripted-1";
    }

    @Override
    public int parallelism() {
        return 1;
    }

    @Override
    public CompletableFuture<Generation> submit(GenerationRequest request, Consumer<String> listener) {
        synchronized (this) {
            requests.add(request);
        }
        try {
            String text = script.apply(request);
            listener.accept(text);
            int prompt = request.messages().stream()
                    .mapToInt(message -> words(message.content()))
                    .sum();
            return CompletableFuture.completedFuture(new Generation(text, prompt, words(text), Generation.Finish.STOP));
        } catch (RuntimeException failure) {
            return CompletableFuture.failedFuture(failure);
        }
    }

    private static int words(String text) {
        return text.isBlank() ? 0 : text.strip().split("\\s+").length;
    }

    @Override
    public void close() {}
}
