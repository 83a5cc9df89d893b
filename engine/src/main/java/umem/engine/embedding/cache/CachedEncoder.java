package umem.engine.embedding.cache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import umem.engine.embedding.Encoder;

/// An encoder that never embeds a text again that it, or another process of the user, has embedded before.
///
/// Its rows are those of the encoder behind it, bit by bit. Safe for all threads; texts that two threads ask for at the
/// same time may be embedded twice.
public final class CachedEncoder implements Encoder {
    private final Encoder encoder;
    private final EmbeddingCache cache;

    /// Closing the new encoder closes both.
    ///
    /// @param encoder embeds what is not known
    /// @param cache of that very encoder
    public CachedEncoder(Encoder encoder, EmbeddingCache cache) {
        this.encoder = encoder;
        this.cache = cache;
    }

    @Override
    public String name() {
        return encoder.name();
    }

    @Override
    public String fingerprint() {
        return encoder.fingerprint();
    }

    @Override
    public int dimension() {
        return encoder.dimension();
    }

    /// Hits, misses and damaged records so far.
    public EmbeddingCache.Statistics statistics() {
        return cache.statistics();
    }

    @Override
    public void encode(List<String> texts, MemorySegment rows) {
        long rowBytes = (long) Float.BYTES * dimension();
        if (rows.byteSize() < rowBytes * texts.size()) {
            throw new IllegalArgumentException(
                    texts.size() + " rows of " + rowBytes + " bytes do not fit into " + rows.byteSize());
        }
        Map<String, List<Integer>> unknown = new LinkedHashMap<>();
        List<byte[]> keys = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            String text = texts.get(i);
            List<Integer> places = unknown.get(text);
            if (places != null) {
                places.add(i);
                continue;
            }
            byte[] key = cache.key(text);
            if (!cache.read(key, rows, rowBytes * i)) {
                unknown.put(text, new ArrayList<>(List.of(i)));
                keys.add(key);
            }
        }
        if (!unknown.isEmpty()) {
            encodeUnknown(unknown, keys, rows, rowBytes);
        }
    }

    private void encodeUnknown(
            Map<String, List<Integer>> unknown, List<byte[]> keys, MemorySegment rows, long rowBytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment made = arena.allocate(rowBytes * keys.size(), ValueLayout.JAVA_FLOAT.byteAlignment());
            encoder.encode(List.copyOf(unknown.keySet()), made);
            cache.add(keys, made);
            long next = 0;
            for (List<Integer> places : unknown.values()) {
                for (int place : places) {
                    MemorySegment.copy(made, next * rowBytes, rows, place * rowBytes, rowBytes);
                }
                next++;
            }
        }
    }

    /// Closes the cache and the encoder. Idempotent.
    @Override
    public void close() {
        cache.close();
        encoder.close();
    }
}
