package umem.engine.search;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import umem.bindings.faiss.FaissIndex;
import umem.bindings.faiss.FaissLibrary;
import umem.bindings.faiss.FaissMetric;

/// Builds a base out of the rows of a store, which may change meanwhile: the ids that do are remembered.
///
/// Thread rule: [#base] in a thread of its own; [#touch] and [#touched] under the index's write lock.
final class ApproximateBuild {
    /// Rows that go to FAISS at once: between two such pieces the store may change, or the build end.
    private static final int PIECE = 4096;

    /// Rows to train with for each inverted list. FAISS warns below 39.
    private static final int ROWS_A_LIST = 48;

    /// Rows to train quantisers with.
    private static final int ROWS_TO_TRAIN = 65_536;

    /// The best recall for its time on clustered rows: a list of 64, but 8 lists at least.
    private static final int LISTS_A_VISIT = 64;

    private static final int MIN_VISITS = 8;
    private static final int EF_SEARCH = 64;
    private static final Pattern LISTS = Pattern.compile("IVF(\\d{1,9})");

    private final FaissLibrary library;
    private final RowStore rows;
    private final ApproximateOptions options;
    private final long[] ids;
    private final Set<Long> touched = new HashSet<>();
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private volatile boolean cancelled;

    /// @param ids the rows to put into the base, those that there are now
    ApproximateBuild(FaissLibrary library, RowStore rows, ApproximateOptions options, long[] ids) {
        this.library = library;
        this.rows = rows;
        this.options = options;
        this.ids = ids;
    }

    /// An empty, untrained base.
    ///
    /// @throws umem.error.UmemException of kind NATIVE if FAISS does not know the factory string
    static FaissIndex create(FaissLibrary library, int dimension, String description) {
        return FaissIndex.create(library, dimension, "IDMap," + description, FaissMetric.INNER_PRODUCT);
    }

    /// Completed when the base is in use, or will never be.
    CompletableFuture<Void> end() {
        return end;
    }

    /// Ends the build soon, but not while FAISS trains.
    void cancel() {
        cancelled = true;
    }

    /// Remembers that a row was added, changed or removed.
    void touch(long id) {
        touched.add(id);
    }

    Set<Long> touched() {
        return touched;
    }

    /// Builds the base.
    ///
    /// @throws CancellationException if it was cancelled
    /// @throws umem.error.UmemException of kind NATIVE if FAISS refuses: a bad factory string, too little memory
    ApproximateBase base() {
        String description = options.baseFor(ids.length);
        FaissIndex faiss = create(library, rows.dimension(), description);
        try {
            train(faiss, description);
            long[] added = new long[ids.length];
            int count = add(faiss, added);
            tune(faiss, options, description);
            return new ApproximateBase(description, faiss, added, count);
        } catch (Throwable t) {
            faiss.close();
            throw t;
        }
    }

    /// Sets what decides on recall and speed.
    static void tune(FaissIndex faiss, ApproximateOptions options, String description) {
        int lists = lists(description);
        if (lists > 0) {
            int visits = options.nprobe() > 0 ? options.nprobe() : Math.max(MIN_VISITS, lists / LISTS_A_VISIT);
            faiss.set("nprobe", Math.min(visits, lists));
        }
        if (description.toUpperCase(Locale.ROOT).contains("HNSW")) {
            faiss.set("efSearch", options.efSearch() > 0 ? options.efSearch() : EF_SEARCH);
        }
    }

    /// The inverted lists that a factory string asks for, 0 where none.
    private static int lists(String description) {
        Matcher matcher = LISTS.matcher(description);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    private void train(FaissIndex faiss, String description) {
        if (faiss.isTrained()) {
            return;
        }
        int lists = lists(description);
        int count = (int) Math.min(ids.length, lists > 0 ? (long) ROWS_A_LIST * lists : ROWS_TO_TRAIN);
        long[] sample = ids.clone();
        // Fixed: the same rows make the same base.
        Random random = new Random(1);
        for (int i = 0; i < count; i++) {
            int other = i + random.nextInt(sample.length - i);
            long id = sample[other];
            sample[other] = sample[i];
            sample[i] = id;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(rowBytes() * count, 64);
            int copied = 0;
            for (int first = 0; first < count; first += PIECE) {
                copied += copy(sample, first, Math.min(count, first + PIECE), values, copied, sample, copied);
            }
            if (copied > 0) {
                faiss.train(values.asSlice(0, rowBytes() * copied));
            }
        }
    }

    /// @param added receives the ids of the rows by number
    /// @return rows added
    private int add(FaissIndex faiss, long[] added) {
        int count = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(rowBytes() * PIECE, 64);
            for (int first = 0; first < ids.length; first += PIECE) {
                int some = copy(ids, first, Math.min(ids.length, first + PIECE), values, 0, added, count);
                long[] numbers = new long[some];
                for (int i = 0; i < some; i++) {
                    numbers[i] = count + i;
                }
                faiss.add(values.asSlice(0, rowBytes() * some), numbers);
                count += some;
            }
        }
        return count;
    }

    private long rowBytes() {
        return 4L * rows.dimension();
    }

    /// Copies the rows of ids that are still there, without their padding.
    ///
    /// @param names receives their ids, from `name` on
    /// @return how many they are
    private int copy(long[] from, int first, int end, MemorySegment into, int at, long[] names, int name) {
        if (cancelled) {
            throw new CancellationException("the index was closed");
        }
        int count = 0;
        long stamp = rows.beginRead();
        try {
            for (int i = first; i < end; i++) {
                int position = rows.find(from[i]);
                if (position >= 0) {
                    MemorySegment chunk = rows.chunk(position / RowStore.ROWS);
                    MemorySegment.copy(chunk, rows.offset(position), into, (at + count) * rowBytes(), rowBytes());
                    names[name + count] = from[i];
                    count++;
                }
            }
        } finally {
            rows.endRead(stamp);
        }
        return count;
    }
}
