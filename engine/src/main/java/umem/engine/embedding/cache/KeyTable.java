package umem.engine.embedding.cache;

import java.io.IOException;

/// Where records of a [VectorFile] may lie, by the first eight bytes of their keys: an open hash table of primitives,
/// 12 bytes a slot, at most two thirds full. It may name a record of another key, so whoever asks compares the whole
/// key. Not safe for use by several threads.
final class KeyTable {
    private static final int FORGOTTEN = -1;

    private long[] tags = new long[64];
    /// Record number + 1; 0 is an empty slot.
    private int[] records = new int[64];

    private int used;

    /// Whether a record is the one that is looked for.
    @FunctionalInterface
    interface Match {
        boolean test(int record) throws IOException;
    }

    /// Notes a record.
    ///
    /// @param tag any bits, well mixed
    /// @param record 0 or more
    void add(long tag, int record) {
        if (3 * (used + 1) > 2 * tags.length) {
            grow();
        }
        insert(tag, record + 1);
    }

    private void insert(long tag, int stored) {
        int slot = first(tag);
        while (records[slot] != 0) {
            slot = next(slot);
        }
        tags[slot] = tag;
        records[slot] = stored;
        used++;
    }

    /// The first record with this tag that matches, or -1.
    int find(long tag, Match match) throws IOException {
        for (int slot = first(tag); records[slot] != 0; slot = next(slot)) {
            if (tags[slot] == tag && records[slot] != FORGOTTEN && match.test(records[slot] - 1)) {
                return records[slot] - 1;
            }
        }
        return -1;
    }

    /// Never names this record again.
    void forget(long tag, int record) {
        for (int slot = first(tag); records[slot] != 0; slot = next(slot)) {
            if (tags[slot] == tag && records[slot] == record + 1) {
                records[slot] = FORGOTTEN;
            }
        }
    }

    private int first(long tag) {
        return (int) tag & tags.length - 1;
    }

    private int next(int slot) {
        return slot + 1 & tags.length - 1;
    }

    private void grow() {
        long[] oldTags = tags;
        int[] oldRecords = records;
        tags = new long[2 * oldTags.length];
        records = new int[tags.length];
        used = 0;
        for (int slot = 0; slot < oldTags.length; slot++) {
            if (oldRecords[slot] > 0) {
                insert(oldTags[slot], oldRecords[slot]);
            }
        }
    }
}
