package umem.bindings.faiss;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;

/// What rows, queries and ids have to be before FAISS sees them.
final class FaissRows {
    private FaissRows() {}

    /// The values, checked, in native memory of their own: another thread may write to the caller's.
    static MemorySegment finite(MemorySegment values, int dimension, Arena arena) {
        MemorySegment copy = arena.allocate(values.byteSize(), 64).copyFrom(values);
        requireFinite(copy, dimension);
        return copy;
    }

    /// @throws IllegalArgumentException if a value is NaN or infinite
    static void requireFinite(MemorySegment values, int dimension) {
        for (long i = 0; i < values.byteSize() / 4; i++) {
            float value = values.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i);
            if (!Float.isFinite(value)) {
                throw new IllegalArgumentException("value " + i % dimension + " of row " + i / dimension + " is "
                        + value + ", not a finite number");
            }
        }
    }

    /// How many rows the segment holds.
    ///
    /// @throws IllegalArgumentException if it is not a whole number
    static long count(MemorySegment rows, int dimension, String what) {
        if (rows.byteSize() % (4L * dimension) != 0) {
            throw new IllegalArgumentException(what + " of " + rows.byteSize() + " bytes are not a whole number of "
                    + dimension + " float32 values");
        }
        return rows.byteSize() / (4L * dimension);
    }

    /// @throws IllegalArgumentException if an id is negative or comes twice
    static void requireDistinct(long[] ids) {
        Set<Long> seen = HashSet.newHashSet(ids.length);
        long last = -1;
        for (long id : ids) {
            if (id < 0) {
                throw new IllegalArgumentException("id " + id + " is negative");
            }
            // Ascending ids, the usual case of millions, need no set.
            if (id <= last && seen.isEmpty()) {
                for (long earlier : ids) {
                    if (!seen.add(earlier)) {
                        throw new IllegalArgumentException("id " + earlier + " comes twice");
                    }
                }
            }
            last = id;
        }
    }
}
