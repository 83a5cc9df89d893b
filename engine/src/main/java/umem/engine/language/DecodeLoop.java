package umem.engine.language;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import umem.bindings.llama.Batch;
import umem.bindings.llama.Context;
import umem.bindings.llama.Vocabulary;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Continuous batching: in every step each running generation that is past its prompt contributes one token, prompts
/// fill the rest of the batch, and one native call computes them all. Between steps requests are admitted in the order
/// of their arrival.
///
/// For the thread that owns the context; only the counters may be read elsewhere.
final class DecodeLoop {
    private static final ThreadMXBean PROCESSOR_TIME = ManagementFactory.getThreadMXBean();

    private final Context context;
    private final Batch batch;
    private final KeyValueCache cache;
    private final Vocabulary vocabulary;
    private final int parallelism;
    private final int chunk;
    private final ThreadCount threads;
    /// The bytes of tokens that have been generated, by token.
    private final byte[] @Nullable [] pieces;
    private final ArrayDeque<PendingGeneration> waiting = new ArrayDeque<>();
    private final List<RunningGeneration> running = new ArrayList<>();

    final LongAdder promptTokensEvaluated = new LongAdder();
    final LongAdder promptTokensShared = new LongAdder();
    final LongAdder tokensGenerated = new LongAdder();

    /// @param parallelism how many generations may run side by side, fewer than the context has sequences
    /// @param chunk a prompt is computed in pieces that end at multiples of this many tokens, at least 1
    DecodeLoop(Context context, Batch batch, KeyValueCache cache, int parallelism, int chunk) {
        this.context = context;
        this.batch = batch;
        this.cache = cache;
        this.parallelism = parallelism;
        this.chunk = chunk;
        threads = new ThreadCount(context.options().threads());
        vocabulary = context.model().vocabulary();
        pieces = new byte[vocabulary.size()] @Nullable [];
    }

    /// Takes what has arrived; waits for something to arrive when there is nothing to do.
    void receive(LinkedBlockingQueue<PendingGeneration> arrivals) throws InterruptedException {
        if (running.isEmpty() && waiting.isEmpty()) {
            waiting.add(arrivals.take());
        }
        arrivals.drainTo(waiting);
    }

    /// Admits what there is room for and computes one batch.
    void step() {
        dropCancelled();
        admit();
        if (running.isEmpty()) {
            if (!waiting.isEmpty()) {
                throw new UmemException(ErrorKind.INTERNAL, "a request is not admitted though nothing runs");
            }
            return;
        }
        fill();
        Context.Status status = decode();
        switch (status) {
            case OK -> draw();
            case FULL ->
                throw new UmemException(
                        ErrorKind.INTERNAL,
                        "the cache of " + cache.capacity() + " tokens is full though room was reserved");
            case ABORTED -> throw new UmemException(ErrorKind.INTERRUPTED, "the generation was interrupted");
        }
    }

    private Context.Status decode() {
        int before = threads.threads();
        long processor = PROCESSOR_TIME.getCurrentThreadCpuTime();
        long start = System.nanoTime();
        Context.Status status = context.decode(batch);
        long elapsed = System.nanoTime() - start;
        threads.observe(PROCESSOR_TIME.getCurrentThreadCpuTime() - processor, elapsed);
        if (threads.threads() != before) {
            context.setThreads(threads.threads());
        }
        return status;
    }

    private void dropCancelled() {
        waiting.removeIf(pending -> pending.future().isDone());
        running.removeIf(generation -> {
            boolean cancelled = generation.pending.future().isDone();
            if (cancelled) {
                release(generation);
            }
            return cancelled;
        });
    }

    private void admit() {
        while (!waiting.isEmpty() && running.size() < parallelism) {
            PendingGeneration next = waiting.element();
            CachedSequence sequence = cache.open(next.prompt(), next.total());
            if (sequence == null) {
                return;
            }
            waiting.remove();
            int shared = sequence.length;
            try {
                running.add(new RunningGeneration(next, sequence, vocabulary));
                promptTokensShared.add(shared);
            } catch (UmemException e) {
                cache.keep(sequence);
                fail(next, e);
            }
        }
    }

    private void fill() {
        batch.clear();
        for (RunningGeneration generation : running) {
            generation.output = -1;
            if (!generation.isPrefilling()) {
                add(generation, generation.drawn, true);
            }
        }
        for (RunningGeneration generation : running) {
            int[] prompt = generation.pending.prompt();
            int end = Math.min(prompt.length, (generation.sequence.length / chunk + 1) * chunk);
            while (generation.sequence.length < end && batch.size() < batch.capacity()) {
                int position = generation.sequence.length;
                add(generation, prompt[position], position == prompt.length - 1);
                promptTokensEvaluated.increment();
            }
        }
    }

    private void add(RunningGeneration generation, int token, boolean output) {
        if (output) {
            generation.output = batch.size();
        }
        int position = cache.append(generation.sequence, token);
        batch.add(token, position, generation.sequence.id, output);
    }

    private void draw() {
        running.removeIf(generation -> {
            if (generation.output < 0) {
                return false;
            }
            try {
                Generation done = advance(generation);
                if (done == null) {
                    return false;
                }
                release(generation);
                generation.pending.future().completeAsync(() -> done, Thread::startVirtualThread);
            } catch (UmemException e) {
                // The listener's exception, or a grammar that allows nothing: this generation's own affair.
                release(generation);
                fail(generation.pending, e);
            }
            return true;
        });
    }

    private @Nullable Generation advance(RunningGeneration generation) {
        generation.draw(context);
        if (vocabulary.isEndOfGeneration(generation.drawn)) {
            return generation.end(Generation.Finish.STOP);
        }
        tokensGenerated.increment();
        return generation.add(piece(generation.drawn)) ? generation.end(Generation.Finish.LENGTH) : null;
    }

    private byte[] piece(int token) {
        byte[] piece = pieces[token];
        if (piece == null) {
            piece = vocabulary.piece(token);
            pieces[token] = piece;
        }
        return piece;
    }

    private void release(RunningGeneration generation) {
        generation.close();
        cache.keep(generation.sequence);
    }

    /// Off this thread: what depends on the future may take long, or wait for this model.
    private static void fail(PendingGeneration pending, UmemException reason) {
        Thread.startVirtualThread(() -> pending.future().completeExceptionally(reason));
    }

    /// Ends everything: frees the samplers and hands out what was not finished.
    List<PendingGeneration> abandon() {
        List<PendingGeneration> unfinished = new ArrayList<>(waiting);
        for (RunningGeneration generation : running) {
            generation.close();
            unfinished.add(generation.pending);
        }
        running.clear();
        waiting.clear();
        return unfinished;
    }
}
