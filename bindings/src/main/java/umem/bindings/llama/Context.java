package umem.bindings.llama;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import umem.bindings.NativeException;
import umem.bindings.internal.FreeMemory;
import umem.bindings.internal.generated.Llama;
import umem.bindings.internal.generated.ggml_abort_callback;
import umem.bindings.internal.generated.llama_context_params;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A computation over a [Model]: its sequences, their key-value cache and the results of the last call.
///
/// Belongs to the thread that created it; any other thread gets an [IllegalStateException], except for [#abort()]. Owns
/// one shared arena (the abort callback outlives a call and is read by native threads), closed after the native
/// context. Use a platform thread: a native call pins its carrier.
public final class Context implements AutoCloseable {
    /// What became of a decode call.
    public enum Status {
        /// Done; results can be read.
        OK,
        /// No room for the tokens: nothing was computed. Remove sequences and try again.
        FULL,
        /// [#abort()] was called; the micro-batches that were complete stay in the cache.
        ABORTED
    }

    private static final int ABORT_CODE = 2;

    private final Thread owner = Thread.currentThread();
    private final Model model;
    private final ContextOptions options;
    private final Arena arena;
    private final MemorySegment handle;
    private final ReentrantLock computing = new ReentrantLock();
    private final BitSet outputs = new BitSet();
    private final BitSet encoded = new BitSet();
    private volatile boolean aborting;
    private boolean sealed;
    private boolean closed;

    private Context(Model model, ContextOptions options, Arena arena, MemorySegment handle) {
        this.model = model;
        this.options = options;
        this.arena = arena;
        this.handle = handle;
    }

    /// Creates a context; the calling thread becomes its owner.
    ///
    /// The cache is shared by all sequences (`kv_unified`), so a prefix copied from one to another costs nothing.
    ///
    /// @throws UmemException of kind MODEL if its cache does not fit into the memory that is free
    public static Context create(Model model, ContextOptions options) {
        if (!model.isOnGpu()) {
            FreeMemory.require(
                    cacheBytes(model, options),
                    "the cache of " + options.contextLength() + " tokens for "
                            + model.path().getFileName());
        }
        model.retain();
        Arena arena = Arena.ofShared();
        MemorySegment handle = MemorySegment.NULL;
        try {
            MemorySegment params = Llama.llama_context_default_params(arena);
            llama_context_params.n_ctx(params, options.contextLength());
            llama_context_params.n_batch(params, options.batchSize());
            llama_context_params.n_ubatch(params, options.microBatchSize());
            llama_context_params.n_seq_max(params, options.maxSequences());
            llama_context_params.n_threads(params, options.threads());
            llama_context_params.n_threads_batch(params, options.threads());
            llama_context_params.kv_unified(params, true);
            llama_context_params.no_perf(params, true);
            llama_context_params.flash_attn_type(params, flashAttention(model, options));
            llama_context_params.embeddings(params, options.pooling() != ContextOptions.Pooling.NONE);
            llama_context_params.pooling_type(params, options.pooling().code());
            String error;
            synchronized (Model.class) {
                NativeLog.clear();
                handle = Llama.llama_init_from_model(model.handle(), params);
                error = NativeLog.firstError();
            }
            if (handle.address() == 0) {
                throw new NativeException(
                        ErrorKind.MODEL,
                        "a context of " + options.contextLength() + " tokens for " + model.path()
                                + " cannot be created",
                        "llama_init_from_model",
                        0,
                        error,
                        model.library().version());
            }
            Context context = new Context(model, options, arena, handle);
            MemorySegment callback = ggml_abort_callback.allocate(userData -> context.aborting, arena);
            Llama.llama_set_abort_callback(handle, callback, MemorySegment.NULL);
            model.library().register(context);
            return context;
        } catch (Throwable t) {
            if (handle.address() != 0) {
                Llama.llama_free(handle);
            }
            arena.close();
            model.release();
            throw t;
        }
    }

    /// On the CPU, generation does without flash attention: its two kernels, for one token and for many, sum in half
    /// precision, so that the batch decides the third digit of the logits. Without it eight sequences decode a tenth to
    /// a fourth faster, and prompts are computed a tenth to a fifth slower. Encoders do without it everywhere: it gains
    /// nothing on texts as short as theirs.
    private static int flashAttention(Model model, ContextOptions options) {
        return options.pooling() != ContextOptions.Pooling.NONE || !model.isOnGpu()
                ? Llama.LLAMA_FLASH_ATTN_TYPE_DISABLED()
                : Llama.LLAMA_FLASH_ATTN_TYPE_AUTO();
    }

    /// Keys and values in half precision, plus a row of logits for each sequence; an encoder's attention scores.
    private static long cacheBytes(Model model, ContextOptions options) {
        GgufHeader header = model.header();
        long heads = header.number("attention.head_count", 1);
        long keyHeads = header.number("attention.head_count_kv", heads);
        long width = header.number("embedding_length", 0) / Math.max(1, heads);
        long perToken = keyHeads
                * (header.number("attention.key_length", width) + header.number("attention.value_length", width))
                * 2
                * header.number("block_count", 0);
        long cache = options.pooling() == ContextOptions.Pooling.NONE
                ? perToken * options.contextLength()
                : 4L * heads * options.microBatchSize() * options.microBatchSize();
        return cache + 4L * options.maxSequences() * model.vocabulary().size();
    }

    private MemorySegment handle() {
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException("this context belongs to " + owner + ", not to " + Thread.currentThread());
        }
        if (closed) {
            throw new IllegalStateException("the context is closed");
        }
        return handle;
    }

    /// The model.
    public Model model() {
        return model;
    }

    /// How it was made.
    public ContextOptions options() {
        return options;
    }

    /// Tokens that it can hold, over all sequences; the library may round up what was asked for.
    public int contextLength() {
        return Llama.llama_n_ctx(handle());
    }

    /// Computes the tokens of a batch and appends them to their sequences.
    ///
    /// @param batch 1 to `batchSize` tokens of valid ids in valid sequences; positions continue their sequence
    /// @throws IllegalArgumentException if a token, a sequence or the size is out of range
    /// @throws NativeException if the library refuses the batch, as for a gap between positions
    public Status decode(Batch batch) {
        MemorySegment context = handle();
        check(batch, options.batchSize());
        if (options.pooling() != ContextOptions.Pooling.NONE) {
            throw new IllegalStateException("a context for embeddings does not decode; encode instead");
        }
        outputs.clear();
        int code;
        computing.lock();
        try {
            if (sealed) {
                return Status.ABORTED;
            }
            NativeLog.clear();
            code = Llama.llama_decode(context, batch.struct());
        } finally {
            computing.unlock();
        }
        switch (code) {
            case 0 -> {
                for (int i = 0; i < batch.size(); i++) {
                    outputs.set(i, batch.output(i));
                }
                return Status.OK;
            }
            case 1 -> {
                return Status.FULL;
            }
            case ABORT_CODE -> {
                aborting = false;
                return Status.ABORTED;
            }
            default -> throw failure("llama_decode", code);
        }
    }

    /// Encodes a batch of whole texts, one sequence each, for embeddings.
    ///
    /// @param batch 1 to `microBatchSize` tokens; positions below the model's trained context
    /// @throws IllegalArgumentException if a token, a position, a sequence or the size is out of range
    /// @throws UmemException of kind INTERRUPTED if [#abort()] was called
    public void encode(Batch batch) {
        MemorySegment context = handle();
        check(batch, options.microBatchSize());
        if (options.pooling() == ContextOptions.Pooling.NONE) {
            throw new IllegalStateException("this context generates; create one with a pooling to encode");
        }
        int longest = model.trainContextLength();
        for (int i = 0; i < batch.size(); i++) {
            if (batch.position(i) >= longest) {
                throw new IllegalArgumentException(
                        "position " + batch.position(i) + " is beyond the encoder's context of " + longest);
            }
        }
        encoded.clear();
        int code;
        computing.lock();
        try {
            NativeLog.clear();
            code = sealed ? ABORT_CODE : Llama.llama_encode(context, batch.struct());
        } finally {
            computing.unlock();
        }
        if (code == ABORT_CODE) {
            aborting = false;
            throw new UmemException(ErrorKind.INTERRUPTED, "encoding was interrupted");
        }
        if (code != 0) {
            throw failure("llama_encode", code);
        }
        for (int i = 0; i < batch.size(); i++) {
            encoded.set(batch.sequence(i));
        }
    }

    private void check(Batch batch, int limit) {
        if (batch.size() < 1 || batch.size() > limit) {
            throw new IllegalArgumentException("a batch of " + batch.size() + " tokens is not in [1, " + limit + "]");
        }
        int vocabulary = model.vocabulary().size();
        for (int i = 0; i < batch.size(); i++) {
            if (batch.token(i) < 0 || batch.token(i) >= vocabulary) {
                throw new IllegalArgumentException(
                        "token " + batch.token(i) + " at " + i + " is not in [0, " + vocabulary + ")");
            }
            if (batch.position(i) < 0) {
                throw new IllegalArgumentException("position " + batch.position(i) + " at " + i + " is negative");
            }
            checkSequence(batch.sequence(i));
        }
    }

    private void checkSequence(int sequence) {
        if (sequence < 0 || sequence >= options.maxSequences()) {
            throw new IllegalArgumentException(
                    "sequence " + sequence + " is not in [0, " + options.maxSequences() + ")");
        }
    }

    private NativeException failure(String function, int code) {
        return new NativeException(
                ErrorKind.NATIVE,
                function + " failed with code " + code,
                function,
                code,
                NativeLog.firstError(),
                model.library().version());
    }

    /// The logits after a token of the last batch.
    ///
    /// @param index of the token in the batch; it must have been added with `output`
    /// @return `vocabulary().size()` float32 values, valid until the next call of decode
    public MemorySegment logits(int index) {
        MemorySegment row = Llama.llama_get_logits_ith(handle(), checkOutput(index));
        if (row.address() == 0) {
            throw failure("llama_get_logits_ith", 0);
        }
        return row.reinterpret(4L * model.vocabulary().size());
    }

    int checkOutput(int index) {
        if (index < 0 || !outputs.get(index)) {
            throw new IllegalArgumentException("token " + index + " of the last batch has no output");
        }
        return index;
    }

    /// The embedding of a text of the last encoded batch, not normalised.
    ///
    /// @param sequence id that the text had in the batch
    /// @return [Model#embeddingLength()] float32 values, valid until the next call of encode
    public MemorySegment embedding(int sequence) {
        MemorySegment context = handle();
        if (sequence < 0 || !encoded.get(sequence)) {
            throw new IllegalArgumentException("sequence " + sequence + " was not in the last batch");
        }
        MemorySegment row = Llama.llama_get_embeddings_seq(context, sequence);
        if (row.address() == 0) {
            throw failure("llama_get_embeddings_seq", 0);
        }
        return row.reinterpret(4L * model.embeddingLength());
    }

    /// Makes `to` share the first tokens of `from`, without copying them.
    ///
    /// @param tokens how many, from the beginning
    public void copySequence(int from, int to, int tokens) {
        MemorySegment context = handle();
        checkSequence(from);
        checkSequence(to);
        if (tokens < 0) {
            throw new IllegalArgumentException("cannot copy " + tokens + " tokens");
        }
        if (tokens > 0 && from != to) {
            Llama.llama_memory_seq_cp(Llama.llama_get_memory(context), from, to, 0, tokens);
        }
    }

    /// Removes the tokens of a sequence from a position on.
    ///
    /// @param from first position to remove; 0 removes the whole sequence
    public void removeSequence(int sequence, int from) {
        MemorySegment context = handle();
        checkSequence(sequence);
        if (from < 0) {
            throw new IllegalArgumentException("position " + from + " is negative");
        }
        if (!Llama.llama_memory_seq_rm(Llama.llama_get_memory(context), sequence, from, -1)) {
            throw failure("llama_memory_seq_rm", 0);
        }
    }

    /// Number of tokens in a sequence.
    public int sequenceLength(int sequence) {
        MemorySegment context = handle();
        checkSequence(sequence);
        return Llama.llama_memory_seq_pos_max(Llama.llama_get_memory(context), sequence) + 1;
    }

    /// Removes all sequences.
    public void clear() {
        Llama.llama_memory_clear(Llama.llama_get_memory(handle()), true);
    }

    /// Applies LoRA adapters, instead of those applied before.
    ///
    /// What is in the cache was computed with the old ones: clear it.
    ///
    /// @param scales each adapter's strength; empty for the bare model
    public void setAdapters(Map<Adapter, Float> scales) {
        MemorySegment context = handle();
        try (Arena call = Arena.ofConfined()) {
            MemorySegment handles = call.allocate(ValueLayout.ADDRESS, Math.max(1, scales.size()));
            MemorySegment strengths = call.allocate(ValueLayout.JAVA_FLOAT, Math.max(1, scales.size()));
            int i = 0;
            for (Map.Entry<Adapter, Float> entry : scales.entrySet()) {
                if (entry.getKey().model() != model) {
                    throw new IllegalArgumentException("the adapter belongs to another model");
                }
                handles.setAtIndex(ValueLayout.ADDRESS, i, entry.getKey().handle());
                strengths.setAtIndex(ValueLayout.JAVA_FLOAT, i, entry.getValue());
                i++;
            }
            int code = Llama.llama_set_adapters_lora(context, handles, scales.size(), strengths);
            if (code != 0) {
                throw failure("llama_set_adapters_lora", code);
            }
        }
    }

    /// Changes with how many threads the next calls compute.
    ///
    /// @param threads at least 1, at most what the context was made with
    public void setThreads(int threads) {
        if (threads < 1 || threads > options.threads()) {
            throw new IllegalArgumentException("threads " + threads + " is not in [1, " + options.threads() + "]");
        }
        Llama.llama_set_n_threads(handle(), threads, threads);
    }

    /// Makes the running call return soon, or the next one if none runs. For any thread. On a GPU the call ends first.
    public void abort() {
        aborting = true;
    }

    /// Waits until no call runs and lets none begin: for the exit of the process.
    void seal() {
        computing.lock();
        sealed = true;
        computing.unlock();
    }

    MemorySegment sampling() {
        return handle();
    }

    /// Frees the context. Idempotent; owner thread only.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        MemorySegment context = handle();
        closed = true;
        model.library().unregister(this);
        computing.lock();
        try {
            // While the process exits, ggml's statics may be gone already; the system frees the memory anyway.
            if (!sealed) {
                Llama.llama_free(context);
                arena.close();
            }
        } finally {
            computing.unlock();
        }
        model.release();
    }
}
