package umem.engine.memory;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import umem.engine.embedding.cache.EmbeddingKeys;
import umem.engine.embedding.cache.VectorFile;

/// The keys of a bank that an encoder has embedded before, so that the bank opens without running it, wherever it was
/// moved to. Derived data only: whatever is missing, damaged or cannot be written costs time and nothing else.
///
/// A [VectorFile] in the bank's folder, `vectors-HASH.bin`, HASH being 16 hexadecimal digits for the encoder; it may
/// grow as the bank does, other than the cache that all commands share. Not safe for use by several threads.
final class VectorCache implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(VectorCache.class.getName());

    private final Path path;
    private final EmbeddingKeys keys;
    private final int dimension;
    private @Nullable VectorFile vectors;

    private VectorCache(Path path, EmbeddingKeys keys, int dimension) {
        this.path = path;
        this.keys = keys;
        this.dimension = dimension;
    }

    /// Opens or creates the cache of an encoder in a bank's folder, which must be locked.
    static VectorCache open(Path folder, String fingerprint, int dimension) {
        EmbeddingKeys keys = new EmbeddingKeys(fingerprint);
        String hash = HexFormat.of().formatHex(keys.of(""), 0, 8);
        VectorCache cache = new VectorCache(folder.resolve("vectors-" + hash + ".bin"), keys, dimension);
        try {
            cache.vectors = VectorFile.append(cache.path, dimension);
        } catch (IOException e) {
            cache.giveUp(e);
        }
        return cache;
    }

    /// The vector of a key, or null if it is not known.
    float @Nullable [] get(String key) {
        if (vectors == null) {
            return null;
        }
        float[] vector = new float[dimension];
        try {
            return vectors.read(keys.of(key), MemorySegment.ofArray(vector), 0) ? vector : null;
        } catch (IOException e) {
            giveUp(e);
            return null;
        }
    }

    /// Remembers the vector of a key.
    void put(String key, float[] vector) {
        if (get(key) != null || vectors == null) {
            return;
        }
        try {
            vectors.add(List.of(keys.of(key)), MemorySegment.ofArray(vector));
        } catch (IOException e) {
            giveUp(e);
        }
    }

    private void giveUp(IOException reason) {
        LOG.log(
                System.Logger.Level.WARNING,
                "vectors are no longer kept in {0}: {1}; the bank is not affected",
                path,
                reason.getMessage());
        close();
    }

    /// Closes the file. Idempotent.
    @Override
    public void close() {
        VectorFile open = vectors;
        vectors = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "vectors", e);
            }
        }
    }
}
