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
/// On a CPU each text is computed by itself, see [LlamaEncoder]; on a GPU as many as fit, 16 at most.
///
/// The context is made for 512 tokens (2048 on a GPU) and made anew, twice as large, when a longer text comes: its
/// working memory grows with the square of that number, and few texts need it.
final class EncodingThread implements AutoCloseable {
    private static final int FIRST_LENGTH = 512;

    /// A GPU computes many texts in the time of one.
    private static final int GPU_SEQUENCES = 16;

    private static final int TYPICAL_LENGTH = 128;

    private final Model model;
    private final EncoderTokenizer tokenizer;
    private final int threads;
    private final int sequences;
    private final ExecutorService executor = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("umem-encoder").daemon().factory());

    // Touched by the executor's thread only.
    private @Nullable Context context;
    private @Nullable Batch batch;

    EncodingThread(Model model, int threads) {
        this(model, threads, model.isOnGpu() ? GPU_SEQUENCES : 1);
    }

    /// @param sequences texts that are computed together at most
    EncodingThread(Model model, int threads, int sequences) {
        this.model = model;
        this.sequences = sequences;
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

    /// Encodes texts and waits for them.
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
        List<int[]> tokens = texts.stream().map(tokenizer::tokens).toList();
        int done = 0;
        while (done < texts.size()) {
            Context ready = prepare(tokens.get(done).length);
            Batch filled = Objects.requireNonNull(batch);
            filled.clear();
            int count = 0;
            while (count < sequences
                    && done + count < texts.size()
                    && tokens.get(done + count).length <= filled.capacity() - filled.size()) {
                int[] text = tokens.get(done + count);
                for (int position = 0; position < text.length; position++) {
                    filled.add(text[position], position, count, true);
                }
                count++;
            }
            ready.encode(filled);
            for (int sequence = 0; sequence < count; sequence++) {
                MemorySegment.copy(
                        ready.embedding(sequence),
                        ValueLayout.JAVA_FLOAT,
                        0,
                        rows,
                        (done + sequence) * dimension,
                        dimension);
            }
            done += count;
        }
        return rows;
    }

    private Context prepare(int tokens) {
        Context current = context;
        if (current != null && tokens <= current.options().batchSize()) {
            return current;
        }
        int size = Math.max(FIRST_LENGTH, sequences * TYPICAL_LENGTH);
        while (size < tokens) {
            size *= 2;
        }
        release();
        batch = new Batch(size);
        context =
                Context.create(model, ContextOptions.embedding(size, sequences, threads, ContextOptions.Pooling.MODEL));
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
