package umem.engine.search;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import umem.bindings.NativeMemory;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The codes of the first rows of a [RowStore], kept in step with them: of all rows, or, where that is only worth it
/// for many, of none until there are enough.
///
/// From then on every change codes a few more rows, so that none of them waits for all. The codes go when rows are down
/// to half of that number, with the first change that adds or moves a row.
final class RowCodes implements RowListener, AutoCloseable {
    /// Rows coded a change until all are.
    private static final int STEP = 16;

    private final RowStore store;
    private final Quantisation quantisation;
    private final int start;
    private final RowNorms norms = new RowNorms();
    private final List<CodeChunk> chunks = new ArrayList<>();
    private final float[] values;
    private @Nullable Arena arena;
    private int coded;

    /// @param store whose rows are coded; it is followed by the caller
    /// @param start how many rows are worth it, 0 for always
    RowCodes(RowStore store, Quantisation quantisation, int start) {
        if (quantisation == Quantisation.INT8 && store.dimension() > CandidateKernels.MAX_INT8) {
            throw new IllegalArgumentException("rows of " + store.dimension()
                    + " values are too long for int8 codes (at most " + CandidateKernels.MAX_INT8 + ")");
        }
        this.store = store;
        this.quantisation = quantisation;
        this.start = start;
        this.values = new float[store.stride()];
    }

    Quantisation quantisation() {
        return quantisation;
    }

    /// Whether all rows have codes, however few.
    boolean always() {
        return start == 0;
    }

    /// Of all rows, coded or not.
    RowNorms norms() {
        return norms;
    }

    /// Positions below it have codes, where there are rows.
    int coded() {
        return coded;
    }

    CodeChunk chunk(int chunk) {
        return chunks.get(chunk);
    }

    @Override
    public void reserve(int rows) {
        norms.reserve(rows);
        dropBelowHalf();
        try {
            while (start == 0 && (long) chunks.size() * RowStore.ROWS < rows) {
                allocate();
            }
        } catch (OutOfMemoryError e) {
            throw new UmemException(
                    ErrorKind.STORAGE,
                    "no memory for the codes of " + rows + " rows ("
                            + quantisation.rowBytes(store.dimension()) * (long) rows / (1 << 20)
                            + " MiB outside the Java heap): " + e.getMessage()
                            + "; search without (index kind flat), or free memory",
                    e);
        }
    }

    /// Some more chunks, out of one block of memory: as many as there are, up to 32 MiB.
    private void allocate() {
        if (arena == null) {
            arena = Arena.ofShared();
        }
        long bytes = (long) quantisation.rowBytes(store.dimension()) * RowStore.ROWS;
        int count = (int) Math.clamp((32 << 20) / bytes, 1, Math.max(1, chunks.size()));
        MemorySegment block = NativeMemory.allocate(count * bytes, arena);
        for (int i = 0; i < count; i++) {
            chunks.add(CodeChunk.of(quantisation, block.asSlice(i * bytes, bytes)));
        }
    }

    @Override
    public void written(int position, float[] row) {
        norms.written(position, row);
        // Rows that are added at once come one by one, and are there already.
        int rows = position + 1;
        if (position < coded) {
            chunks.get(position / RowStore.ROWS).write(position % RowStore.ROWS, row, store.dimension());
            rows = store.rows();
        }
        if (Math.max(position + 1, store.rows()) > start) {
            advance(rows);
        }
    }

    @Override
    public void moved(int from, int to) {
        norms.moved(from, to);
        dropBelowHalf();
        if (from < coded) {
            CodeChunk source = chunks.get(from / RowStore.ROWS);
            chunks.get(to / RowStore.ROWS).copy(source, from % RowStore.ROWS, to % RowStore.ROWS, store.dimension());
        } else if (to < coded) {
            code(to);
        }
    }

    /// Codes further rows of the first `rows`.
    private void advance(int rows) {
        for (int step = 0; step < STEP && coded < rows; step++) {
            if (coded == chunks.size() * RowStore.ROWS) {
                try {
                    allocate();
                } catch (OutOfMemoryError e) {
                    // They only make searches faster.
                    return;
                }
            }
            code(coded++);
        }
    }

    private void code(int position) {
        MemorySegment chunk = store.chunk(position / RowStore.ROWS);
        MemorySegment.copy(chunk, ValueLayout.JAVA_FLOAT, store.offset(position), values, 0, store.dimension());
        chunks.get(position / RowStore.ROWS).write(position % RowStore.ROWS, values, store.dimension());
    }

    private void dropBelowHalf() {
        if (coded > 0 && store.rows() < start / 2) {
            close();
        }
    }

    /// Frees the codes. The rows are searched without, or have gone too.
    @Override
    public void close() {
        coded = 0;
        chunks.clear();
        if (arena != null) {
            arena.close();
            arena = null;
        }
    }
}
