package umem.engine.embedding.cache;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/// One file of embeddings, found by key.
///
/// It is a sequence of records of one size: the key ([EmbeddingKeys], 32 bytes), the vector (little-endian float32),
/// CRC32C of both (4 bytes). Records are appended and never changed, so a reader needs no lock; a last record that is
/// cut off is written over. In memory there are 18 to 36 bytes a record; vectors are read from the file (from the
/// system's page cache, that is) when asked for. Every read compares the whole key and the checksum: a damaged record
/// is counted and never looked at again.
///
/// Not safe for use by several threads, and one process at most may append. Not a memory-mapped file, which would fault
/// where somebody cuts it, nor a FileChannel, which closes when its thread is interrupted.
public final class VectorFile implements AutoCloseable {
    private static final int CRC_BYTES = 4;
    private static final int SCAN_BYTES = 1 << 20;

    private final Path path;
    private final int dimension;
    private final byte[] record;
    private final KeyTable table = new KeyTable();
    private RandomAccessFile file;
    private boolean appending;
    private int records;
    private long damaged;

    private VectorFile(Path path, int dimension, RandomAccessFile file) {
        this.path = path;
        this.dimension = dimension;
        this.record = new byte[recordBytes(dimension)];
        this.file = file;
    }

    /// Opens an existing file to look vectors up.
    ///
    /// @param dimension values of every vector in it, at least 1
    /// @throws IOException if it is missing or cannot be read
    public static VectorFile open(Path path, int dimension) throws IOException {
        return scanned(new VectorFile(path, dimension, new RandomAccessFile(path.toFile(), "r")));
    }

    /// Opens a file to look vectors up and to add more; creates it where it is missing.
    ///
    /// @param dimension values of every vector in it, at least 1
    /// @throws IOException if it cannot be read and written
    public static VectorFile append(Path path, int dimension) throws IOException {
        VectorFile opened = scanned(new VectorFile(path, dimension, new RandomAccessFile(path.toFile(), "rw")));
        opened.appending = true;
        return opened;
    }

    private static VectorFile scanned(VectorFile opened) throws IOException {
        try {
            opened.scan();
            return opened;
        } catch (Throwable t) {
            opened.close();
            throw t;
        }
    }

    /// From now on this object may append. What others appended since it was opened is taken in.
    ///
    /// @throws IOException if the file is gone or cannot be written
    void startAppending() throws IOException {
        if (!path.toFile().isFile()) {
            throw new NoSuchFileException(path.toString());
        }
        file.close();
        file = new RandomAccessFile(path.toFile(), "rw");
        scan();
        appending = true;
    }

    /// Bytes that a vector takes in a file.
    static int recordBytes(int dimension) {
        return Math.addExact(EmbeddingKeys.BYTES + CRC_BYTES, Math.multiplyExact(Float.BYTES, dimension));
    }

    /// Notes the whole records behind those that are known.
    private void scan() throws IOException {
        int atOnce = Math.max(1, SCAN_BYTES / record.length);
        byte[] chunk = new byte[atOnce * record.length];
        long whole = Math.min(file.length() / record.length, Integer.MAX_VALUE - 1);
        while (records < whole) {
            int count = (int) Math.min(atOnce, whole - records);
            file.seek((long) records * record.length);
            file.readFully(chunk, 0, count * record.length);
            for (int i = 0; i < count; i++) {
                table.add(tag(chunk, i * record.length), records++);
            }
        }
    }

    /// Looks a vector up.
    ///
    /// @param key of [EmbeddingKeys]
    /// @param rows receives `dimension` native-order float32 values from byte `offset` on, if the key is known
    /// @return whether it is
    /// @throws IOException if the file cannot be read
    public boolean read(byte[] key, MemorySegment rows, long offset) throws IOException {
        long tag = tag(key, 0);
        int found = find(tag, key);
        while (found >= 0 && !isWhole()) {
            damaged++;
            table.forget(tag, found);
            found = find(tag, key);
        }
        if (found < 0) {
            return false;
        }
        MemorySegment.copy(
                MemorySegment.ofArray(record),
                ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
                EmbeddingKeys.BYTES,
                rows,
                ValueLayout.JAVA_FLOAT_UNALIGNED,
                offset,
                dimension);
        return true;
    }

    /// The number of a record that has this key, or -1. The record is in `record` then.
    private int find(long tag, byte[] key) throws IOException {
        return table.find(
                tag,
                candidate ->
                        load(candidate) && Arrays.equals(record, 0, EmbeddingKeys.BYTES, key, 0, EmbeddingKeys.BYTES));
    }

    private boolean isWhole() {
        int content = record.length - CRC_BYTES;
        int stored = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN).getInt(content);
        return stored == crc(record, 0, content);
    }

    /// Reads a record; false if the file has become shorter.
    private boolean load(int number) throws IOException {
        file.seek((long) number * record.length);
        for (int done = 0; done < record.length; ) {
            int read = file.read(record, done, record.length - done);
            if (read < 0) {
                return false;
            }
            done += read;
        }
        return true;
    }

    /// Appends vectors, in one write.
    ///
    /// @param keys of [EmbeddingKeys], none of which the file should know
    /// @param rows one row of native-order float32 values a key
    /// @throws IOException if they cannot be written; none of them is known then
    public void add(List<byte[]> keys, MemorySegment rows) throws IOException {
        if (!appending) {
            throw new IllegalStateException(path + " is open for reading only");
        }
        byte[] bytes = new byte[Math.multiplyExact(keys.size(), record.length)];
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < keys.size(); i++) {
            int start = buffer.position();
            buffer.put(keys.get(i), 0, EmbeddingKeys.BYTES);
            for (int j = 0; j < dimension; j++) {
                buffer.putFloat(rows.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) i * dimension + j));
            }
            buffer.putInt(crc(bytes, start, record.length - CRC_BYTES));
        }
        file.seek((long) records * record.length);
        file.write(bytes);
        for (byte[] key : keys) {
            table.add(tag(key, 0), records++);
        }
    }

    /// Records in the file, damaged ones included.
    public int records() {
        return records;
    }

    /// Damaged records met so far.
    public long damaged() {
        return damaged;
    }

    /// Bytes of all records.
    long bytes() {
        return (long) records * record.length;
    }

    private static long tag(byte[] bytes, int offset) {
        return ByteBuffer.wrap(bytes).getLong(offset);
    }

    private static int crc(byte[] bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
