package umem.engine.memory;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Keys that an encoder has embedded before, so that a bank opens without running it. Derived data only: whatever is
/// missing, damaged or cannot be written costs time and nothing else.
///
/// The file `vectors-HASH.bin`, HASH being the first 16 digits of the SHA-256 of the encoder's fingerprint, is a
/// sequence of records of one size: SHA-256 of the key's UTF-8 (32 bytes), the vector (little-endian float32), CRC32C
/// of both (4 bytes). Records are appended and never changed. Not safe for use by several threads.
final class VectorCache implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(VectorCache.class.getName());
    private static final int HASH_BYTES = 32;
    private static final int CRC_BYTES = 4;

    private final Path path;
    private final int dimension;
    private final Map<ByteBuffer, Long> offsets = new HashMap<>();
    private @Nullable RandomAccessFile file;
    private long end;

    private VectorCache(Path path, int dimension) {
        this.path = path;
        this.dimension = dimension;
    }

    /// Opens or creates the cache of an encoder in a bank's folder, which must be locked.
    static VectorCache open(Path folder, String fingerprint, int dimension) {
        String hash = HexFormat.of().formatHex(sha256(fingerprint), 0, 8);
        VectorCache cache = new VectorCache(folder.resolve("vectors-" + hash + ".bin"), dimension);
        try {
            cache.file = new RandomAccessFile(cache.path.toFile(), "rw");
            cache.readHashes(cache.file);
        } catch (IOException e) {
            cache.giveUp(e);
        }
        return cache;
    }

    private void readHashes(RandomAccessFile from) throws IOException {
        long records = from.length() / recordBytes();
        byte[] hash = new byte[HASH_BYTES];
        for (long record = 0; record < records; record++) {
            from.seek(record * recordBytes());
            from.readFully(hash);
            offsets.put(ByteBuffer.wrap(hash.clone()), record * recordBytes());
        }
        end = records * recordBytes();
    }

    private int recordBytes() {
        return HASH_BYTES + Float.BYTES * dimension + CRC_BYTES;
    }

    /// The vector of a key, or null if it is not known.
    float @Nullable [] get(String key) {
        ByteBuffer hash = ByteBuffer.wrap(sha256(key));
        Long offset = offsets.get(hash);
        if (file == null || offset == null) {
            return null;
        }
        byte[] record = new byte[recordBytes()];
        try {
            file.seek(offset);
            file.readFully(record);
        } catch (IOException e) {
            giveUp(e);
            return null;
        }
        ByteBuffer buffer = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
        int content = record.length - CRC_BYTES;
        if (buffer.getInt(content) != crc(record, content)
                || !Arrays.equals(record, 0, HASH_BYTES, hash.array(), 0, HASH_BYTES)) {
            offsets.remove(hash);
            return null;
        }
        float[] vector = new float[dimension];
        buffer.position(HASH_BYTES)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(vector);
        return vector;
    }

    /// Remembers the vector of a key.
    void put(String key, float[] vector) {
        ByteBuffer hash = ByteBuffer.wrap(sha256(key));
        if (file == null || offsets.containsKey(hash)) {
            return;
        }
        ByteBuffer record = ByteBuffer.allocate(recordBytes()).order(ByteOrder.LITTLE_ENDIAN);
        record.put(hash.array());
        for (float value : vector) {
            record.putFloat(value);
        }
        record.putInt(crc(record.array(), record.position()));
        try {
            file.seek(end);
            file.write(record.array());
        } catch (IOException e) {
            giveUp(e);
            return;
        }
        offsets.put(hash, end);
        end += recordBytes();
    }

    private void giveUp(IOException reason) {
        LOG.log(
                System.Logger.Level.WARNING,
                "vectors are no longer kept in {0}: {1}; the bank is not affected",
                path,
                reason.getMessage());
        close();
    }

    private static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Closes the file. Idempotent.
    @Override
    public void close() {
        RandomAccessFile open = file;
        file = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "vectors", e);
            }
        }
    }
}
