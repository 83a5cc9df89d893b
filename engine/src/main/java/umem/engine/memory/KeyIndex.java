package umem.engine.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import umem.engine.embedding.Encoder;
import umem.engine.search.Hit;
import umem.engine.search.VectorIndex;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The embedded keys of a bank, by the positions of their entries. Changes need the bank's write lock, searches its
/// read lock.
final class KeyIndex implements AutoCloseable {
    private static final int BATCH = 32;

    private final Encoder encoder;
    private final @Nullable VectorCache cache;
    private final VectorIndex index;
    private final List<String> keys = new ArrayList<>();
    /// All candidates of a task, and the commit that ends it, have the same key.
    private volatile @Nullable Embedded last;

    private record Embedded(String key, float[] vector) {}

    /// @param cache of this encoder, or null
    /// @param index opens an empty index of a dimension
    KeyIndex(Encoder encoder, @Nullable VectorCache cache, IntFunction<VectorIndex> index) {
        this.encoder = encoder;
        this.cache = cache;
        this.index = index.apply(encoder.dimension());
    }

    /// Embeds a key, for any thread.
    ///
    /// @return a unit vector, not to be changed
    float[] vector(String key) {
        Embedded known = last;
        if (known == null || !known.key().equals(key)) {
            known = new Embedded(key, checked(encoder.encode(key)));
            last = known;
        }
        return known.vector();
    }

    /// What has to be embedded so that the index holds exactly these keys, embedded: the part of a change that can
    /// fail.
    Change prepare(List<String> wanted) {
        Set<String> missing = new LinkedHashSet<>();
        Map<String, float[]> vectors = new HashMap<>();
        for (int position = 0; position < wanted.size(); position++) {
            String key = wanted.get(position);
            if (differs(position, key) && !vectors.containsKey(key)) {
                Embedded recent = last;
                float[] vector = recent != null && recent.key().equals(key)
                        ? recent.vector()
                        : cache == null ? null : cache.get(key);
                if (vector == null) {
                    missing.add(key);
                } else {
                    vectors.put(key, vector);
                }
            }
        }
        embed(List.copyOf(missing), vectors);
        return new Change(wanted, vectors);
    }

    /// A change that is ready to be made.
    ///
    /// @param keys the keys by position afterwards
    /// @param vectors those of all keys that are not where they have to be
    record Change(List<String> keys, Map<String, float[]> vectors) {}

    /// Makes a change that was prepared for the present state.
    void make(Change change) {
        for (int position = 0; position < change.keys().size(); position++) {
            String key = change.keys().get(position);
            if (differs(position, key)) {
                set(position, key, Objects.requireNonNull(change.vectors().get(key)));
            }
        }
        while (keys.size() > change.keys().size()) {
            keys.removeLast();
            index.remove(keys.size());
        }
        if (cache != null) {
            change.vectors().forEach(cache::put);
        }
    }

    private void set(int position, String key, float[] vector) {
        if (position == keys.size()) {
            index.add(position, vector);
            keys.add(key);
        } else {
            index.update(position, vector);
            keys.set(position, key);
        }
    }

    private boolean differs(int position, String key) {
        return position >= keys.size() || !keys.get(position).equals(key);
    }

    private void embed(List<String> texts, Map<String, float[]> vectors) {
        int dimension = encoder.dimension();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rows =
                    arena.allocate(ValueLayout.JAVA_FLOAT, (long) Math.min(BATCH, texts.size()) * dimension);
            for (int from = 0; from < texts.size(); from += BATCH) {
                List<String> batch = texts.subList(from, Math.min(texts.size(), from + BATCH));
                encoder.encode(batch, rows);
                for (int i = 0; i < batch.size(); i++) {
                    MemorySegment row = rows.asSlice(4L * i * dimension, 4L * dimension);
                    vectors.put(batch.get(i), checked(row.toArray(ValueLayout.JAVA_FLOAT)));
                }
            }
        }
    }

    private float[] checked(float[] vector) {
        for (float value : vector) {
            if (!Float.isFinite(value)) {
                throw new UmemException(
                        ErrorKind.MODEL,
                        "encoder " + encoder.name() + " made a vector with " + value
                                + " in it; its file is damaged or not an encoder");
            }
        }
        return vector;
    }

    /// The nearest positions, best first, equal scores by position.
    List<Hit> search(float[] query, int k, float minScore, IntPredicate accepted) {
        return index.search(query, k, minScore, position -> accepted.test((int) position));
    }

    @Override
    public void close() {
        index.close();
        if (cache != null) {
            cache.close();
        }
    }
}
