package umem.bindings.llama;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import umem.bindings.internal.generated.llama_batch;

/// Tokens to be decoded or encoded together, each with its position and its sequence.
///
/// Owns one confined arena with the arrays and the native structure, allocated once: clear and refill it. Used by the
/// thread that made it, which must be the owner of the context.
public final class Batch implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final int capacity;
    private final MemorySegment struct;
    private final MemorySegment tokens;
    private final MemorySegment positions;
    private final MemorySegment sequences;
    private final MemorySegment outputs;
    private int size;

    /// @param capacity the most tokens it can hold, at least 1
    public Batch(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity " + capacity + " is below 1");
        }
        this.capacity = capacity;
        tokens = arena.allocate(ValueLayout.JAVA_INT, capacity);
        positions = arena.allocate(ValueLayout.JAVA_INT, capacity);
        sequences = arena.allocate(ValueLayout.JAVA_INT, capacity);
        outputs = arena.allocate(ValueLayout.JAVA_BYTE, capacity);
        MemorySegment counts = arena.allocate(ValueLayout.JAVA_INT, capacity);
        MemorySegment pointers = arena.allocate(ValueLayout.ADDRESS, capacity);
        for (int i = 0; i < capacity; i++) {
            counts.setAtIndex(ValueLayout.JAVA_INT, i, 1);
            pointers.setAtIndex(ValueLayout.ADDRESS, i, sequences.asSlice(4L * i, 4));
        }
        struct = arena.allocate(llama_batch.layout());
        llama_batch.token(struct, tokens);
        llama_batch.embd(struct, MemorySegment.NULL);
        llama_batch.pos(struct, positions);
        llama_batch.n_seq_id(struct, counts);
        llama_batch.seq_id(struct, pointers);
        llama_batch.logits(struct, outputs);
    }

    /// Adds a token.
    ///
    /// @param token its id
    /// @param position in its sequence, from 0
    /// @param sequence id of its sequence
    /// @param output whether the result at this token is wanted (logits of the next token, or its embedding)
    /// @throws IllegalStateException if the batch is full
    public void add(int token, int position, int sequence, boolean output) {
        if (size == capacity) {
            throw new IllegalStateException("the batch holds " + capacity + " tokens already");
        }
        tokens.setAtIndex(ValueLayout.JAVA_INT, size, token);
        positions.setAtIndex(ValueLayout.JAVA_INT, size, position);
        sequences.setAtIndex(ValueLayout.JAVA_INT, size, sequence);
        outputs.setAtIndex(ValueLayout.JAVA_BYTE, size, (byte) (output ? 1 : 0));
        size++;
    }

    /// Forgets all tokens.
    public void clear() {
        size = 0;
    }

    /// Number of tokens in it.
    public int size() {
        return size;
    }

    /// The most tokens it can hold.
    public int capacity() {
        return capacity;
    }

    int token(int index) {
        return tokens.getAtIndex(ValueLayout.JAVA_INT, index);
    }

    int position(int index) {
        return positions.getAtIndex(ValueLayout.JAVA_INT, index);
    }

    int sequence(int index) {
        return sequences.getAtIndex(ValueLayout.JAVA_INT, index);
    }

    boolean output(int index) {
        return outputs.getAtIndex(ValueLayout.JAVA_BYTE, index) != 0;
    }

    MemorySegment struct() {
        llama_batch.n_tokens(struct, size);
        return struct;
    }

    /// Frees the arrays. Idempotent.
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
