package umem.engine.search;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import umem.bindings.ggml.Backend;

/// The copy on a device of the rows of a [RowStore], in half precision: its full segments of [DeviceShard#SEGMENT]
/// rows. The rest is gathered here until it fills a segment, so that adding rows one by one costs few transfers.
///
/// Shards never move: the device's memory grows by as much as there is, up to what a shard can hold.
///
/// Thread rule: changes come under the store's write lock, searches under its read lock, one at a time.
final class DeviceRows implements RowListener, AutoCloseable {
    private static final int SEGMENT = DeviceShard.SEGMENT;
    private static final int FIRST_SHARD = 16;

    private final Backend backend;
    private final int dimension;
    private final HalfRows halves;
    private final List<DeviceShard> shards = new ArrayList<>();

    /// Rows of the segment `staged`; those of the segments before it are on the device.
    private final MemorySegment staging;

    private final MemorySegment moving;
    private int staged;

    DeviceRows(Backend backend, int dimension) {
        this.backend = backend;
        this.dimension = dimension;
        this.halves = new HalfRows(dimension);
        this.staging = halves.allocate(SEGMENT);
        this.moving = halves.allocate(1);
    }

    @Override
    public void reserve(int rows) {
        int held = shards.stream().mapToInt(DeviceShard::segments).sum();
        int wanted = rows / SEGMENT;
        if (held < wanted) {
            backend.requireMemory(
                    2L * dimension * SEGMENT * (wanted - held), rows + " rows of " + dimension + " values");
        }
        int most = DeviceShard.maxSegments(dimension);
        while (held < wanted) {
            int more = Math.max(FIRST_SHARD, Math.max(held, wanted - held));
            shards.add(new DeviceShard(backend, dimension, Math.min(more, most)));
            held += shards.getLast().segments();
        }
    }

    @Override
    public void written(int position, float[] values) {
        place(position, halves.convert(values));
        if (position / SEGMENT == staged && position % SEGMENT == SEGMENT - 1) {
            // New rows come in the order of their positions, so the segment is full.
            DeviceShard shard = shards.get(shardOf(staged));
            shard.write((long) (staged - firstOf(shard)) * SEGMENT, staging);
            staged++;
        }
    }

    @Override
    public void moved(int from, int to) {
        if (from / SEGMENT == staged) {
            moving.copyFrom(staging.asSlice(offset(from), moving.byteSize()));
        } else {
            DeviceShard shard = shards.get(shardOf(from / SEGMENT));
            shard.read(from - (long) firstOf(shard) * SEGMENT, moving);
        }
        place(to, moving);
    }

    private void place(int position, MemorySegment row) {
        int segment = position / SEGMENT;
        if (segment == staged) {
            staging.asSlice(offset(position), row.byteSize()).copyFrom(row);
        } else {
            DeviceShard shard = shards.get(shardOf(segment));
            shard.write(position - (long) firstOf(shard) * SEGMENT, row);
        }
    }

    private long offset(int position) {
        return 2L * dimension * (position % SEGMENT);
    }

    private int shardOf(int segment) {
        int first = 0;
        for (int i = 0; i < shards.size(); i++) {
            first += shards.get(i).segments();
            if (segment < first) {
                return i;
            }
        }
        throw new IllegalStateException("segment " + segment + " was not reserved");
    }

    private int firstOf(DeviceShard shard) {
        int first = 0;
        for (DeviceShard before : shards) {
            if (before == shard) {
                return first;
            }
            first += before.segments();
        }
        throw new IllegalArgumentException("no shard of these rows");
    }

    /// The rows of the device that a search covers, when the store holds so many: the positions below it.
    int covered(int size) {
        return Math.min(staged, size / SEGMENT) * SEGMENT;
    }

    /// Queries of one call of [#search].
    int maxQueries(int size) {
        int queries = Integer.MAX_VALUE;
        int left = covered(size) / SEGMENT;
        for (DeviceShard shard : shards) {
            int used = Math.min(left, shard.segments());
            if (used > 0) {
                queries = Math.min(queries, DeviceShard.maxQueries(used));
            }
            left -= used;
        }
        return queries;
    }

    /// Finds candidates for the best rows below [#covered].
    ///
    /// @param queries padded ones
    /// @param first of those to search for
    /// @param count how many, at most [#maxQueries]
    /// @param size rows that the store holds
    /// @param wanted candidates a query and shard, at most [DeviceShard#SEGMENT]
    /// @return one for each query
    synchronized Candidates[] search(float[][] queries, int first, int count, int size, int wanted) {
        float[] rounded = new float[count * dimension];
        Candidates[] all = new Candidates[count];
        for (int i = 0; i < count; i++) {
            all[i] = new Candidates(shards.size() * wanted, halves.round(queries[first + i], rounded, i * dimension));
        }
        int left = covered(size) / SEGMENT;
        int base = 0;
        for (DeviceShard shard : shards) {
            int used = Math.min(left, shard.segments());
            if (used > 0) {
                DeviceShard.Found found = shard.search(rounded, count, used, wanted);
                for (int i = 0; i < count; i++) {
                    all[i].add(found, i * wanted, wanted, base);
                }
            }
            left -= used;
            base += shard.segments() * SEGMENT;
        }
        return all;
    }

    /// The rows that may be the best for a query.
    static final class Candidates {
        private final int[] positions;
        private final double error;
        private int size;
        private float bound = Float.NEGATIVE_INFINITY;

        Candidates(int capacity, double error) {
            this.positions = new int[capacity];
            this.error = error;
        }

        private void add(DeviceShard.Found found, int from, int count, int base) {
            // What a shard left out is not above the worst that it returned.
            float worst = Float.POSITIVE_INFINITY;
            for (int i = from; i < from + count; i++) {
                positions[size++] = base + found.rows()[i];
                worst = Math.min(worst, found.scores()[i]);
            }
            bound = Math.max(bound, worst);
        }

        /// Positions in the store, ascending.
        int[] positions() {
            Arrays.sort(positions, 0, size);
            return positions;
        }

        int size() {
            return size;
        }

        /// No row of the device that is not among them has an exact score above this.
        double bound() {
            return bound + error;
        }
    }

    @Override
    public void close() {
        shards.forEach(DeviceShard::close);
        shards.clear();
        halves.close();
    }
}
