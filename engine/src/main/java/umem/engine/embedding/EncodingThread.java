package umem.engine.embedding;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import umem.bindings.llama.Batch;
import umem.bindings.llama.Context;
import umem.bindings.llama.ContextOptions;
import umem.bindings.llama.Model;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The one thread that uses an encoder's model and its native context, and its queue of work.
///
/// The context is made for 512 tokens and made anew, twice as large, when a longer text comes: its working memory grows
/// with the square of that number, and few texts need it.
final class EncodingThread implements AutoCloseable {
    private static final int FIRST_LENGTH = 512;

    private final Model model;
    private final EncoderTokenizer tokenizer;
    private final int threads;
    private final ExecutorService executor = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("umem-encoder").daemon().factory());

    // Touched by the executor's thread only.
    private @Nullable Context context;
    private @Nullable Batch batch;

    EncodingThread(Model model, int threads) {
        this.model = model;
        this.tokenizer = new EncoderTokenizer(model);
        this.threads = threads;
        try {
            // Memory that is lacking should show when the encoder is opened.
            await(executor.submit(() -> prepare(1)));
        } catch (Throwable t) {
            close();
            throw t;
        }
    }

    /// Encodes texts, one by one, and waits for them.
    ///
    /// @return the pooled states, one row a text
    /// @throws IllegalStateException after [#close()]
    float[] encode(List<String> texts) {
        try {
            return await(executor.submit(() -> compute(texts)));
        } catch (RejectedExecutionException e) {
            throw new IllegalStateException("the encoder " + model.path() + " is closed", e);
        }
    }

    private float[] compute(List<String> texts) {
        int dimension = model.embeddingLength();
        float[] rows = new float[texts.size() * dimension];
        for (int text = 0; text < texts.size(); text++) {
            int[] tokens = tokenizer.tokens(texts.get(text));
            Context ready = prepare(tokens.length);
            Batch filled = Objects.requireNonNull(batch);
            filled.clear();
            for (int position = 0; position < tokens.length; position++) {
                filled.add(tokens[position], position, 0, true);
            }
            ready.encode(filled);
            MemorySegment.copy(ready.embedding(0), ValueLayout.JAVA_FLOAT, 0, rows, text * dimension, dimension);
        }
        return rows;
    }

    private Context prepare(int tokens) {
        Context current = context;
        if (current != null && tokens <= current.options().batchSize()) {
            return current;
        }
        int size = FIRST_LENGTH;
        while (size < tokens) {
            size *= 2;
        }
        release();
        batch = new Batch(size);
        context = Context.create(model, ContextOptions.embedding(size, 1, threads, ContextOptions.Pooling.MODEL));
        return context;
    }

    private void release() {
        if (context != null) {
            context.close();
            context = null;
        }
        if (batch != null) {
            batch.close();
            batch = null;
        }
    }

    private static <T> T await(Future<T> result) {
        try {
            return result.get();
        } catch (InterruptedException e) {
            result.cancel(false);
            Thread.currentThread().interrupt();
            throw new UmemException(ErrorKind.INTERRUPTED, "encoding was interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UmemException expected) {
                throw expected;
            }
            throw new IllegalStateException("encoding failed", e.getCause());
        }
    }

    /// Frees the context once the work before it is done. Idempotent.
    @Override
    public void close() {
        if (executor.isShutdown()) {
            return;
        }
        try {
            executor.execute(this::release);
        } catch (RejectedExecutionException e) {
            return; // closed by another thread meanwhile
        }
        executor.close();
    }
}
