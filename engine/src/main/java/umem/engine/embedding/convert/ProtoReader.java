package umem.engine.embedding.convert;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Reads the fields of one protobuf message, forward. No length in the data is trusted: every read is checked against
/// the segment, and what goes beyond it is an [IndexOutOfBoundsException].
final class ProtoReader {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final MemorySegment message;
    private long at;
    private int wireType;

    ProtoReader(MemorySegment message) {
        this.message = message;
    }

    /// Goes to the next field.
    ///
    /// @return its number, at least 1, or 0 at the end of the message
    int next() {
        if (at == message.byteSize()) {
            return 0;
        }
        long key = varint();
        long number = key >>> 3;
        wireType = (int) (key & 7);
        if (number < 1 || number > 536_870_911) {
            throw new IllegalArgumentException("a field has the number " + number);
        }
        return (int) number;
    }

    /// The value of an integer field.
    long integer() {
        expect(VARINT);
        return varint();
    }

    /// The value of a float field.
    float float32() {
        expect(FIXED32);
        float value = Float.intBitsToFloat(message.get(INT, at));
        at += 4;
        return value;
    }

    /// The value of a bytes field, or an embedded message; not copied.
    MemorySegment bytes() {
        expect(BYTES);
        long length = varint();
        if (length < 0 || length > message.byteSize() - at) {
            throw new IndexOutOfBoundsException("a field of " + length + " bytes");
        }
        MemorySegment slice = message.asSlice(at, length);
        at += length;
        return slice;
    }

    /// The value of a string field.
    String string() {
        return new String(bytes().toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    /// The values of a repeated integer field, packed or not: call it for each occurrence.
    long[] integers() {
        if (wireType == VARINT) {
            return new long[] {varint()};
        }
        ProtoReader packed = new ProtoReader(bytes());
        return packed.remainingVarints();
    }

    /// Goes past a field that is of no interest.
    void skip() {
        switch (wireType) {
            case VARINT -> varint();
            case FIXED64 -> advance(8);
            case BYTES -> bytes();
            case FIXED32 -> advance(4);
            default -> throw new IllegalArgumentException("a field has the wire type " + wireType);
        }
    }

    private long[] remainingVarints() {
        long[] values = new long[8];
        int count = 0;
        while (at < message.byteSize()) {
            if (count == values.length) {
                values = java.util.Arrays.copyOf(values, 2 * count);
            }
            values[count++] = varint();
        }
        return java.util.Arrays.copyOf(values, count);
    }

    private void advance(long bytes) {
        if (bytes > message.byteSize() - at) {
            throw new IndexOutOfBoundsException("a field of " + bytes + " bytes");
        }
        at += bytes;
    }

    private void expect(int type) {
        if (wireType != type) {
            throw new IllegalArgumentException("a field has the wire type " + wireType + ", not " + type);
        }
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte b = message.get(ValueLayout.JAVA_BYTE, at++);
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("an integer is longer than 64 bits");
    }
}
