package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The codes of [RowStore#ROWS] rows, off-heap like the rows themselves, and what they are off by.
///
/// @param quantisation how the codes are made
/// @param codes padded rows, 64-byte aligned
/// @param scales what a sum over the codes of each row is multiplied by
/// @param errors the Euclidean norm of each row's difference from what its codes stand for, not below the true one
record CodeChunk(Quantisation quantisation, MemorySegment codes, float[] scales, float[] errors) {

    /// @param codes zeros; the padding behind each row is never written
    static CodeChunk of(Quantisation quantisation, MemorySegment codes) {
        return new CodeChunk(quantisation, codes, new float[RowStore.ROWS], new float[RowStore.ROWS]);
    }

    /// Codes a row.
    ///
    /// @param index where it lies in the chunk
    /// @param values the row
    void write(int index, float[] values, int dimension) {
        long offset = (long) index * quantisation.rowBytes(dimension);
        errors[index] = Bounds.above(Math.sqrt(
                quantisation == Quantisation.INT8
                        ? writeInt8(index, offset, values, dimension)
                        : writeBf16(index, offset, values, dimension)));
    }

    private double writeInt8(int index, long offset, float[] values, int dimension) {
        float scale = Int8Code.scale(values, dimension);
        scales[index] = scale;
        double squares = 0;
        for (int i = 0; i < dimension; i++) {
            int code = Int8Code.of(values[i], scale);
            codes.set(ValueLayout.JAVA_BYTE, offset + i, (byte) code);
            double difference = values[i] - (double) scale * code;
            squares += difference * difference;
        }
        return squares;
    }

    private double writeBf16(int index, long offset, float[] values, int dimension) {
        scales[index] = 1;
        double squares = 0;
        for (int i = 0; i < dimension; i += 2) {
            int even = bf16(values[i]);
            int odd = i + 1 < dimension ? bf16(values[i + 1]) : 0;
            // Pairs as numbers of 32 bits, so that the order of bytes does not matter.
            codes.set(ValueLayout.JAVA_INT, offset + 2L * i, even | odd << 16);
            double first = values[i] - (double) Float.intBitsToFloat(even << 16);
            double second = i + 1 < dimension ? values[i + 1] - (double) Float.intBitsToFloat(odd << 16) : 0;
            squares += first * first + second * second;
        }
        return squares;
    }

    /// The upper half of the nearest float32 whose lower half is 0, ties to even; towards 0 where that is infinite.
    private static int bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int rounded = (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
        return (rounded & 0x7f80) == 0x7f80 ? bits >>> 16 : rounded;
    }

    /// Takes over the codes of another chunk's row, or of one of its own.
    void copy(CodeChunk from, int fromIndex, int index, int dimension) {
        long bytes = quantisation.rowBytes(dimension);
        MemorySegment.copy(from.codes, fromIndex * bytes, codes, index * bytes, bytes);
        scales[index] = from.scales[fromIndex];
        errors[index] = from.errors[fromIndex];
    }
}
