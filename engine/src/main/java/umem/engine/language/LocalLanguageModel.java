package umem.engine.language;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import umem.bindings.llama.Batch;
import umem.bindings.llama.Context;
import umem.bindings.llama.ContextOptions;
import umem.bindings.llama.LlamaLibrary;
import umem.bindings.llama.Model;
import umem.bindings.llama.ModelOptions;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A GGUF model that generates in this process, many requests side by side in one batch.
///
/// One daemon thread owns the native context; requests reach it through a queue, are admitted in order as soon as a
/// sequence and all the cache cells that they may ever need are free, and share the keys and values of common prompt
/// prefixes, also with requests that are over. Methods are safe for all threads. Listeners are called on the owner
/// thread: they must return soon and must not wait for this model. Futures complete on other threads.
///
/// Greedy decoding is a function of the request up to rounding: what else is in the batch and in the cache, and how
/// much of a prompt was shared, decides in which order a product adds. Float32 weights make nothing of it. Quantised
/// ones do, since an activation that is rounded the other way moves everything after it: logits of 4-bit models were
/// seen to differ by 0.4 (0.5B) and 1 (135M), so where two tokens are almost equally likely the text may differ from
/// run to run. [Options#batchInvariant()] is the way out: one request at a time, each computed in the same pieces at
/// the same places of the cache, whatever ran before.
public final class LocalLanguageModel implements LanguageModel {
    /// The most tokens of one native call; more would delay running generations without computing faster.
    private static final int BATCH = 512;
    /// The pieces of a prompt, and the steps in which prefixes are shared, where nothing may depend on what ran before.
    private static final int INVARIANT_CHUNK = 64;
    /// Raised with every change after which the same request may be answered in other words (1 had flash attention on
    /// the CPU).
    private static final int DECODING = 2;
    /// Native sequence ids end here.
    private static final int MAX_SEQUENCES = 256;

    /// How a model is run.
    ///
    /// @param contextLength tokens that the cache holds over all sequences, 1 to 4,194,304; the prompt and the longest
    ///     answer of one request have to fit
    /// @param sequences requests that run side by side, 1 to 255
    /// @param threads that compute, at least 1; fewer are used while other programs hold the cores
    /// @param gpu whether to compute on a GPU where the library found one
    /// @param batchInvariant whether an answer must not depend on what else runs or ran: then requests run one after
    /// the
    ///     other, which is several times slower where many wait
    public record Options(int contextLength, int sequences, int threads, boolean gpu, boolean batchInvariant) {
        /// Not batch-invariant.
        public Options(int contextLength, int sequences, int threads, boolean gpu) {
            this(contextLength, sequences, threads, gpu, false);
        }

        public Options {
            if (contextLength < 1 || contextLength > 1 << 22) {
                throw new IllegalArgumentException("contextLength " + contextLength + " is not in [1, 4194304]");
            }
            if (sequences < 1 || sequences >= MAX_SEQUENCES) {
                throw new IllegalArgumentException("sequences " + sequences + " is not in [1, 255]");
            }
            if (threads < 1 || threads > 512) {
                throw new IllegalArgumentException("threads " + threads + " is not in [1, 512]");
            }
        }

        /// 8192 tokens over 8 sequences, a thread for each physical core that this process may use, a GPU if possible.
        public static Options defaults() {
            return new Options(8192, 8, PhysicalCores.usable(), true);
        }
    }

    /// What was computed since the model was opened.
    ///
    /// @param promptEvaluated prompt tokens that were computed
    /// @param promptShared prompt tokens whose keys and values were taken over from another request
    /// @param generated tokens that were generated
    public record TokenCounts(long promptEvaluated, long promptShared, long generated) {}

    private final Model model;
    private final Options options;
    private final ChatTokenizer tokenizer;
    private final LinkedBlockingQueue<PendingGeneration> arrivals = new LinkedBlockingQueue<>();
    /// Held for reading while a request uses the model's vocabulary and is queued; the owner thread takes it for
    /// writing to end that, once and for all.
    private final ReadWriteLock admission = new ReentrantReadWriteLock();
    private final CompletableFuture<Running> opened = new CompletableFuture<>();
    private final Thread owner;
    /// Why no more requests are taken, or null.
    private @Nullable UmemException ended;
    private volatile boolean closing;

    private record Running(Context context, DecodeLoop loop, int limit) {}

    private LocalLanguageModel(Model model, ChatTokenizer tokenizer, Options options) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.options = options;
        owner = Thread.ofPlatform().daemon().name("umem-" + name()).unstarted(this::run);
    }

    /// Loads a model and starts its thread.
    ///
    /// @param gguf an instruct model with a chat template that llama.cpp knows
    /// @throws UmemException of kind MODEL if the file is no such model or does not fit into memory, with the reason
    public static LocalLanguageModel open(LlamaLibrary library, Path gguf, Options options) {
        Model model = Model.load(library, gguf, options.gpu() ? ModelOptions.gpu() : ModelOptions.cpu());
        LocalLanguageModel opened;
        try {
            opened = new LocalLanguageModel(model, new ChatTokenizer(model), options);
            opened.owner.start();
        } catch (Throwable t) {
            model.close();
            throw t;
        }
        try {
            opened.opened.join();
            return opened;
        } catch (CompletionException e) {
            opened.close();
            if (e.getCause() instanceof UmemException failure) {
                throw failure;
            }
            throw e;
        }
    }

    @Override
    public String name() {
        String file = String.valueOf(model.path().getFileName()).toLowerCase(Locale.ROOT);
        return file.endsWith(".gguf") ? file.substring(0, file.length() - ".gguf".length()) : file;
    }

    /// The checksums of the weights' file and of the chat template, the version of llama.cpp and of our decoding. Reads
    /// the file once
    /// in the life of the process unless it lies in the content store.
    ///
    /// @throws UmemException of kind STORAGE if the file cannot be read
    @Override
    public String fingerprint() {
        return ModelChecksum.of(model.path())
                + "+"
                + ModelChecksum.of(tokenizer.template()).substring(0, 16)
                + "+llama.cpp-"
                + model.library().version()
                // Another library multiplies long prompts, and rounds otherwise.
                + (model.library().devices().stream()
                                .anyMatch(device -> device.name().equals("BLAS"))
                        ? "+blas"
                        : "")
                + "+decoding-"
                + DECODING
                + (options.batchInvariant() ? "+batch-invariant" : "");
    }

    @Override
    public int parallelism() {
        return options.batchInvariant() ? 1 : options.sequences();
    }

    /// What was computed so far; for reports.
    public TokenCounts tokenCounts() {
        DecodeLoop loop = opened.join().loop();
        return new TokenCounts(
                loop.promptTokensEvaluated.sum(), loop.promptTokensShared.sum(), loop.tokensGenerated.sum());
    }

    /// Starts a generation.
    ///
    /// @return completes exceptionally with a [UmemException] of kind INPUT if prompt and answer cannot fit or the
    ///     grammar is refused, INTERRUPTED if the model is closed, and of the kind of the failure if it has failed
    @Override
    public CompletableFuture<Generation> submit(GenerationRequest request, Consumer<String> listener) {
        admission.readLock().lock();
        try {
            if (ended != null) {
                return CompletableFuture.failedFuture(ended);
            }
            int[] prompt = tokenizer.tokens(request.messages());
            int answer = request.sampling().maxTokens();
            int limit = opened.join().limit();
            if ((long) prompt.length + answer > limit) {
                throw new UmemException(
                        ErrorKind.INPUT,
                        "the prompt of " + prompt.length + " tokens and an answer of up to " + answer
                                + " do not fit into the " + limit + " tokens that " + name()
                                + " can hold; shorten the prompt or the answer, or use a longer context");
            }
            CompletableFuture<Generation> future = new CompletableFuture<>();
            arrivals.add(new PendingGeneration(prompt, prompt.length + answer, request, listener, future));
            return future;
        } catch (UmemException e) {
            return CompletableFuture.failedFuture(e);
        } finally {
            admission.readLock().unlock();
        }
    }

    /// The owner thread: makes the native objects, runs until it is closed or something fails, and frees them.
    private void run() {
        List<PendingGeneration> unfinished = new ArrayList<>();
        Throwable failure = null;
        try (Context context = Context.create(model, contextOptions());
                Batch batch = new Batch(context.options().batchSize())) {
            boolean invariant = options.batchInvariant();
            KeyValueCache cache = new KeyValueCache(context, hasRowPerToken(model), invariant ? INVARIANT_CHUNK : 1);
            DecodeLoop loop = new DecodeLoop(context, batch, cache, parallelism(), invariant ? INVARIANT_CHUNK : BATCH);
            opened.complete(new Running(context, loop, Math.min(cache.capacity(), model.trainContextLength())));
            try {
                while (!closing) {
                    loop.receive(arrivals);
                    loop.step();
                }
            } finally {
                unfinished.addAll(loop.abandon());
            }
        } catch (Throwable t) {
            failure = t;
        }
        if (failure != null) {
            opened.completeExceptionally(failure);
        }
        UmemException reason = reason(failure);
        admission.writeLock().lock();
        ended = reason;
        admission.writeLock().unlock();
        model.close();
        arrivals.drainTo(unfinished);
        unfinished.forEach(pending -> pending.future().completeExceptionally(reason));
    }

    private UmemException reason(@Nullable Throwable failure) {
        if (closing || failure == null) {
            return new UmemException(ErrorKind.INTERRUPTED, "model " + name() + " is closed");
        }
        ErrorKind kind = failure instanceof UmemException known ? known.kind() : ErrorKind.INTERNAL;
        String text = failure instanceof UmemException ? failure.getMessage() : failure.toString();
        return new UmemException(kind, "model " + name() + " has failed and is closed: " + text, failure);
    }

    private ContextOptions contextOptions() {
        if (options.batchInvariant()) {
            int piece = Math.min(INVARIANT_CHUNK, options.contextLength());
            return ContextOptions.generation(options.contextLength(), piece, 1, options.threads());
        }
        // As many sequences again keep the prefixes of requests that are over.
        int all = Math.min(MAX_SEQUENCES, Math.max(2 * options.sequences(), options.sequences() + 8));
        int batch = Math.max(Math.min(BATCH, options.contextLength()), options.sequences());
        return ContextOptions.generation(options.contextLength(), batch, all, options.threads());
    }

    /// Whether a prefix of a sequence is a prefix of its cache. Recurrent layers keep one state instead, which cannot
    /// be cut.
    private static boolean hasRowPerToken(Model model) {
        return model.header().metadata().keySet().stream()
                .noneMatch(key -> key.contains(".ssm.") || key.contains(".wkv.") || key.contains(".shortconv."));
    }

    /// Ends running and waiting generations with an exception of kind INTERRUPTED, waits for the owner thread and frees
    /// the model. Idempotent; called by a listener, it does not wait.
    @Override
    public void close() {
        closing = true;
        if (opened.isDone() && !opened.isCompletedExceptionally()) {
            opened.join().context().abort();
        }
        owner.interrupt();
        if (Thread.currentThread() == owner) {
            return;
        }
        boolean interrupted = false;
        while (owner.isAlive()) {
            try {
                owner.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
