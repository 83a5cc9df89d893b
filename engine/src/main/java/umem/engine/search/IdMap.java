package umem.engine.search;

import java.util.Arrays;

/// Positions by id: a map of primitives, so that no change of one row allocates.
///
/// Open addressing with linear probing. A removal shifts the entries behind it back and leaves no tombstone, so that
/// any number of changes leaves the map as fast as a new one. Not safe for use by several threads while it changes.
final class IdMap {
    /// Ids it can hold: half of the largest table.
    static final int MAX_SIZE = 1 << 29;

    private static final int FREE = -1;

    private long[] ids = new long[16];
    private int[] positions = new int[16];
    private int size;

    IdMap() {
        Arrays.fill(positions, FREE);
    }

    /// Makes room for so many ids, after which [#put] does not allocate.
    ///
    /// @param count at most [#MAX_SIZE]
    void reserve(int count) {
        if (2L * count <= ids.length) {
            return;
        }
        int capacity = Integer.highestOneBit(Math.max(1, count - 1)) << 2;
        long[] oldIds = ids;
        int[] oldPositions = positions;
        long[] newIds = new long[capacity];
        int[] newPositions = new int[capacity];
        Arrays.fill(newPositions, FREE);
        ids = newIds;
        positions = newPositions;
        for (int slot = 0; slot < oldIds.length; slot++) {
            if (oldPositions[slot] != FREE) {
                int free = slot(oldIds[slot]);
                ids[free] = oldIds[slot];
                positions[free] = oldPositions[slot];
            }
        }
    }

    /// The position of an id, or -1.
    int get(long id) {
        return positions[slot(id)];
    }

    /// Adds an id that is not there yet.
    ///
    /// @param position at least 0
    /// @return false, and nothing changed, if it is there
    boolean put(long id, int position) {
        int slot = slot(id);
        if (positions[slot] != FREE) {
            return false;
        }
        if (2L * (size + 1) > ids.length) {
            reserve(size + 1);
            slot = slot(id);
        }
        ids[slot] = id;
        positions[slot] = position;
        size++;
        return true;
    }

    /// Gives an id that is there another position.
    void move(long id, int position) {
        positions[slot(id)] = position;
    }

    /// Removes an id.
    ///
    /// @return its position, or -1 if it was not there
    int remove(long id) {
        int hole = slot(id);
        int position = positions[hole];
        if (position == FREE) {
            return FREE;
        }
        int mask = ids.length - 1;
        for (int slot = (hole + 1) & mask; positions[slot] != FREE; slot = (slot + 1) & mask) {
            // An entry may fill the hole if it does not thereby come before the slot where its probing starts.
            if (((slot - start(ids[slot])) & mask) >= ((slot - hole) & mask)) {
                ids[hole] = ids[slot];
                positions[hole] = positions[slot];
                hole = slot;
            }
        }
        positions[hole] = FREE;
        size--;
        return position;
    }

    /// The slot that holds an id, or else the free one where it belongs.
    private int slot(long id) {
        int mask = ids.length - 1;
        int slot = start(id);
        while (positions[slot] != FREE && ids[slot] != id) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private int start(long id) {
        // The finalizer of MurmurHash3: ids that follow a pattern must not pile up.
        long hash = (id ^ (id >>> 33)) * 0xff51afd7ed558ccdL;
        hash = (hash ^ (hash >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return (int) (hash ^ (hash >>> 33)) & (ids.length - 1);
    }
}
