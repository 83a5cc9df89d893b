package umem.engine.embedding.cache;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What one encoder made of texts, on disk, shared by all processes of a user.
///
/// A folder of its own for each encoder holds segments, `00000001.vectors` and so on ([VectorFile]). Every cache that
/// adds has a segment that it holds the lock of, an old one with room where there is one; everybody reads all of them,
/// as they were when the cache was opened. When the segments together reach the limit, the oldest one that nobody adds
/// to is deleted. Derived data only: what is missing, damaged or cannot be written costs time and nothing else, so no
/// method throws for it. A kill costs what was being written.
///
/// Safe for all threads.
public final class EmbeddingCache implements AutoCloseable {
    /// The bytes that all vectors of an encoder may take: 2.7 million of 384 values.
    public static final long STANDARD_LIMIT = 4L << 30;

    private static final System.Logger LOG = System.getLogger(EmbeddingCache.class.getName());
    private static final int SEGMENTS = 8;

    private final Path folder;
    private final EmbeddingKeys keys;
    private final int dimension;
    private final long segmentBytes;
    /// By age, the oldest first.
    private final List<Segment> segments = new ArrayList<>();

    private @Nullable Segment open;
    private @Nullable SegmentLock lock;
    private boolean writable = true;
    private long hits;
    private long misses;
    private long damagedInClosed;

    /// One segment.
    private record Segment(int number, VectorFile vectors) {}

    /// What a cache did since it was opened.
    ///
    /// @param hits texts that were known
    /// @param misses texts that were not
    /// @param damaged records met that were not what was once written
    public record Statistics(long hits, long misses, long damaged) {}

    private EmbeddingCache(Path folder, EmbeddingKeys keys, int dimension, long limit) {
        this.folder = folder;
        this.keys = keys;
        this.dimension = dimension;
        this.segmentBytes = Math.max(limit / SEGMENTS, VectorFile.recordBytes(dimension));
    }

    /// Opens the cache of an encoder.
    ///
    /// @param parent folder of the caches of all encoders; created when needed
    /// @param fingerprint of the encoder
    /// @param dimension of its embeddings, at least 1
    /// @param limit bytes that it may take on disk, about; at least one vector for each of eight segments is kept
    public static EmbeddingCache open(Path parent, String fingerprint, int dimension, long limit) {
        EmbeddingKeys keys = new EmbeddingKeys(fingerprint);
        String name = HexFormat.of().formatHex(keys.of("dimension " + dimension), 0, 8);
        Path folder = parent.resolve(name);
        EmbeddingCache cache;
        try {
            Files.createDirectories(folder);
            cache = new EmbeddingCache(folder.toRealPath(), keys, dimension, limit);
            cache.openSegments();
        } catch (IOException e) {
            cache = new EmbeddingCache(folder, keys, dimension, limit);
            cache.stopWriting(e);
        }
        return cache;
    }

    private void openSegments() throws IOException {
        for (int number : numbers()) {
            try {
                segments.add(new Segment(number, VectorFile.open(file(number), dimension)));
            } catch (IOException e) {
                // Deleted meanwhile, or not to be read: its vectors are computed again.
                LOG.log(System.Logger.Level.DEBUG, "embeddings", e);
            }
        }
    }

    private List<Integer> numbers() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches("\\d{8}\\.vectors"))
                    .map(name -> Integer.parseInt(name.substring(0, 8)))
                    .sorted()
                    .toList();
        }
    }

    private Path file(int number) {
        return folder.resolve("%08d.vectors".formatted(number));
    }

    private @Nullable SegmentLock lock(int number) throws IOException {
        return SegmentLock.tryAcquire(folder.resolve("%08d.lock".formatted(number)));
    }

    /// The key of a text.
    byte[] key(String text) {
        return keys.of(text);
    }

    /// Looks an embedding up.
    ///
    /// @param key of [#key]
    /// @param rows receives the embedding from byte `offset` on, native-order float32, if it is known
    /// @return whether it is
    synchronized boolean read(byte[] key, MemorySegment rows, long offset) {
        for (int i = segments.size() - 1; i >= 0; i--) {
            VectorFile vectors = segments.get(i).vectors();
            try {
                if (vectors.read(key, rows, offset)) {
                    hits++;
                    return true;
                }
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "embeddings in " + folder + " cannot be read: " + e);
                forget(segments.get(i));
            }
        }
        misses++;
        return false;
    }

    /// Remembers embeddings.
    ///
    /// @param added their keys, all different, none of them known a moment ago
    /// @param rows one row of native-order float32 values a key
    synchronized void add(List<byte[]> added, MemorySegment rows) {
        int row = Float.BYTES * dimension;
        try {
            for (int from = 0; from < added.size() && writable; ) {
                VectorFile vectors = withRoom();
                long room = (segmentBytes - vectors.bytes()) / VectorFile.recordBytes(dimension);
                int count = (int) Math.min(added.size() - from, room);
                vectors.add(added.subList(from, from + count), rows.asSlice((long) from * row, (long) count * row));
                from += count;
            }
        } catch (IOException e) {
            stopWriting(e);
        }
    }

    private boolean hasRoom(Segment segment) {
        return segment.vectors().bytes() + VectorFile.recordBytes(dimension) <= segmentBytes;
    }

    /// The segment that this cache adds to, another one once that is full.
    private VectorFile withRoom() throws IOException {
        Segment current = open;
        if (current != null && hasRoom(current)) {
            return current.vectors();
        }
        unlock();
        for (Segment segment : List.copyOf(segments)) {
            if (hasRoom(segment) && takeOver(segment)) {
                return segment.vectors();
            }
        }
        return begin().vectors();
    }

    private boolean takeOver(Segment segment) throws IOException {
        SegmentLock taken = lock(segment.number());
        if (taken == null) {
            return false;
        }
        try {
            segment.vectors().startAppending();
        } catch (IOException e) {
            taken.close();
            forget(segment);
            return false;
        }
        if (!hasRoom(segment)) {
            taken.close();
            return false;
        }
        lock = taken;
        open = segment;
        return true;
    }

    private Segment begin() throws IOException {
        List<Integer> present = numbers();
        for (int number = present.isEmpty() ? 1 : present.getLast() + 1; ; number++) {
            SegmentLock taken = lock(number);
            if (taken == null) {
                continue;
            }
            if (Files.exists(file(number))) {
                taken.close();
                continue;
            }
            lock = taken;
            Segment begun = new Segment(number, VectorFile.append(file(number), dimension));
            segments.add(begun);
            open = begun;
            deleteOldest(present);
            return begun;
        }
    }

    private void deleteOldest(List<Integer> present) throws IOException {
        int tooMany = present.size() + 1 - SEGMENTS;
        for (int number : present) {
            if (tooMany <= 0) {
                return;
            }
            SegmentLock taken = lock(number);
            if (taken != null) {
                try (taken) {
                    Files.deleteIfExists(file(number));
                    taken.delete();
                    tooMany--;
                }
                for (Segment segment : List.copyOf(segments)) {
                    if (segment.number() == number) {
                        forget(segment);
                    }
                }
            }
        }
    }

    private void forget(Segment segment) {
        segments.remove(segment);
        damagedInClosed += segment.vectors().damaged();
        close(segment.vectors());
        if (segment.equals(open)) {
            unlock();
        }
    }

    private void unlock() {
        open = null;
        SegmentLock held = lock;
        lock = null;
        if (held != null) {
            close(held);
        }
    }

    private void stopWriting(IOException reason) {
        writable = false;
        unlock();
        LOG.log(System.Logger.Level.WARNING, "embeddings are no longer kept in " + folder + ": " + reason);
    }

    private static void close(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            LOG.log(System.Logger.Level.DEBUG, "embeddings", e);
        }
    }

    /// What happened so far.
    public synchronized Statistics statistics() {
        long damaged = damagedInClosed;
        for (Segment segment : segments) {
            damaged += segment.vectors().damaged();
        }
        return new Statistics(hits, misses, damaged);
    }

    /// Closes all files. Idempotent; a closed cache knows nothing and remembers nothing.
    @Override
    public synchronized void close() {
        writable = false;
        List.copyOf(segments).forEach(this::forget);
        unlock();
    }
}
