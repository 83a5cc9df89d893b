package umem.engine.language;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/// A request that waits for its turn.
///
/// @param prompt tokens, at least one
/// @param total tokens of the prompt and the longest answer; never more than the cache can hold
/// @param future what the caller waits for; when it is done already, nobody does
record PendingGeneration(
        int[] prompt,
        int total,
        GenerationRequest request,
        Consumer<String> listener,
        CompletableFuture<Generation> future) {}
