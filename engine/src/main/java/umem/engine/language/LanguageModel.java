package umem.engine.language;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import umem.error.UmemException;

/// A language model behind one door, whether it runs in this process or behind an OpenAI-compatible endpoint.
///
/// Safe for use by any number of threads: requests are admitted as room appears, and run side by side.
public interface LanguageModel extends AutoCloseable {

    /// A short name for reports, such as `qwen2.5-coder-1.5b-instruct`.
    String name();

    /// Identifies everything that decides a greedy output besides the request: the weights, the chat template, the
    /// engine's version. Part of the key under which executions are cached.
    String fingerprint();

    /// How many requests make progress at the same time, at least 1.
    int parallelism();

    /// Starts a generation.
    ///
    /// @param request what to continue
    /// @param listener receives the text in pieces of whole characters as it appears, on a thread of the model; an
    ///     exception thrown by it fails this generation only
    /// @return completes with the generation, or exceptionally with a [UmemException]; cancelling it frees the slot
    CompletableFuture<Generation> submit(GenerationRequest request, Consumer<String> listener);

    /// Starts a generation without streaming.
    default CompletableFuture<Generation> submit(GenerationRequest request) {
        return submit(request, piece -> {});
    }

    /// Generates and waits.
    ///
    /// @throws UmemException if the prompt does not fit, the model fails or the remote endpoint gives up
    default Generation generate(GenerationRequest request) {
        return generateAll(List.of(request)).getFirst();
    }

    /// Generates for all requests side by side and waits for all of them.
    ///
    /// @return one generation a request, in the order of the requests
    /// @throws UmemException the first failure; the other requests are cancelled
    default List<Generation> generateAll(List<GenerationRequest> requests) {
        List<CompletableFuture<Generation>> started = new ArrayList<>(requests.size());
        for (GenerationRequest request : requests) {
            started.add(submit(request));
        }
        List<Generation> generations = new ArrayList<>(started.size());
        try {
            for (CompletableFuture<Generation> future : started) {
                generations.add(future.join());
            }
        } catch (CompletionException e) {
            started.forEach(future -> future.cancel(true));
            if (e.getCause() instanceof UmemException failure) {
                throw failure;
            }
            throw e;
        }
        return generations;
    }

    /// Ends running generations with an exception and frees the model. Idempotent.
    @Override
    void close();
}
