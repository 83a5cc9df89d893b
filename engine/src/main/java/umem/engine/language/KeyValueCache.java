package umem.engine.language;

import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import umem.bindings.llama.Context;

/// Who holds which tokens in the cache that all sequences of a [Context] share.
///
/// A cell holds the keys and values of one token, for one or more sequences. A new sequence takes over the longest
/// prefix that another one holds with the same tokens, without computing it again; sequences whose generation is over
/// stay for that, as long as their cells are not needed, the least recently used going first. A sequence is opened only
/// when its cells to the very end are certain, so a running generation never finds the cache full.
///
/// The books mirror the native cache cell by cell. For the owner thread of the context.
final class KeyValueCache {
    /// A prefix that a running prompt is about to compute is worth waiting for from this many tokens on.
    private static final int WORTH_WAITING = 32;

    private final Context context;
    private final boolean shares;
    private final int grain;
    private final CachedSequence[] sequences;
    /// How many sequences hold each cell.
    private final int[] holders;
    /// The cells that none holds: a stack.
    private final int[] free;
    private int freeCells;
    /// Cells that running sequences will still take.
    private int reserved;
    private long clock;

    /// @param context whose sequences nobody else touches
    /// @param shares whether prefixes may be shared: not for models whose state is not a row a token
    /// @param grain prefixes are shared up to a multiple of this many tokens, at least 1
    KeyValueCache(Context context, boolean shares, int grain) {
        this.context = context;
        this.shares = shares;
        this.grain = grain;
        sequences = new CachedSequence[context.options().maxSequences()];
        Arrays.setAll(sequences, CachedSequence::new);
        holders = new int[context.contextLength()];
        free = new int[holders.length];
        Arrays.setAll(free, i -> i);
        freeCells = free.length;
    }

    /// Tokens that it can hold.
    int capacity() {
        return holders.length;
    }

    /// Opens a sequence for a prompt, with as much of it as is in the cache already; the last token never is, since its
    /// logits have to be computed.
    ///
    /// @param total to how many tokens the sequence may grow, at most the capacity
    /// @return null if there is no room now, or if another sequence is just computing a prefix worth sharing: try again
    ///     later
    @Nullable
    CachedSequence open(int[] prompt, int total) {
        CachedSequence donor = null;
        int shared = 0;
        for (CachedSequence sequence : sequences) {
            if (shares && sequence.use != CachedSequence.Use.FREE) {
                int held = Math.min(sequence.held(prompt), prompt.length - 1);
                held -= held % grain;
                if (held > shared) {
                    donor = sequence;
                    shared = held;
                }
            }
        }
        if (!fits(donor, shared, total) || isWorthWaiting(prompt, shared)) {
            return null;
        }
        CachedSequence opened = makeRoom(donor, total - shared);
        if (opened == donor) {
            truncate(opened, shared);
        } else if (donor != null) {
            context.copySequence(donor.id, opened.id, shared);
            opened.cells = Arrays.copyOf(donor.cells, total);
            for (int i = 0; i < shared; i++) {
                holders[opened.cells[i]]++;
            }
            donor.touched = ++clock;
        }
        opened.use = CachedSequence.Use.RUNNING;
        opened.tokens = Arrays.copyOf(prompt, total);
        opened.cells = Arrays.copyOf(opened.cells, total);
        opened.length = shared;
        opened.known = prompt.length;
        opened.total = total;
        opened.touched = ++clock;
        reserved += total - shared;
        return opened;
    }

    /// Notes that the next batch appends a token.
    ///
    /// @return the position of the token
    int append(CachedSequence sequence, int token) {
        int position = sequence.length++;
        int cell = free[--freeCells];
        holders[cell] = 1;
        sequence.cells[position] = cell;
        sequence.tokens[position] = token;
        sequence.known = Math.max(sequence.known, sequence.length);
        reserved--;
        return position;
    }

    /// Ends a running sequence. What it holds stays for others. Every cell in use makes every later token a little
    /// dearer, so idle sequences keep at most a quarter of the cells, the latest one excepted.
    void keep(CachedSequence sequence) {
        reserved -= sequence.total - sequence.length;
        sequence.use = CachedSequence.Use.KEPT;
        sequence.known = sequence.length;
        sequence.touched = ++clock;
        if (!shares) {
            drop(sequence);
        }
        CachedSequence oldest = leastRecentlyUsed(sequence);
        while (oldest != null && idleCells() > capacity() / 4) {
            drop(oldest);
            oldest = leastRecentlyUsed(sequence);
        }
    }

    private int idleCells() {
        return holders.length - freeCells - pinned(null, 0).cardinality();
    }

    private boolean isWorthWaiting(int[] prompt, int shared) {
        if (shares) {
            for (CachedSequence sequence : sequences) {
                if (sequence.use == CachedSequence.Use.RUNNING
                        && sequence.length < sequence.known
                        && Math.min(sequence.promised(prompt), prompt.length - 1) >= shared + WORTH_WAITING) {
                    return true;
                }
            }
        }
        return false;
    }

    /// Whether there is room once all idle sequences are gone.
    private boolean fits(@Nullable CachedSequence donor, int shared, int total) {
        boolean slot = false;
        for (CachedSequence sequence : sequences) {
            slot |= sequence.use != CachedSequence.Use.RUNNING;
        }
        return slot && pinned(donor, shared).cardinality() + reserved + total - shared <= capacity();
    }

    private BitSet pinned(@Nullable CachedSequence donor, int shared) {
        BitSet cells = new BitSet(capacity());
        for (CachedSequence sequence : sequences) {
            if (sequence.use == CachedSequence.Use.RUNNING) {
                mark(sequence, sequence.length, cells);
            }
        }
        if (donor != null) {
            mark(donor, shared, cells);
        }
        return cells;
    }

    private static void mark(CachedSequence sequence, int length, BitSet cells) {
        for (int i = 0; i < length; i++) {
            cells.set(sequence.cells[i]);
        }
    }

    /// Drops idle sequences until there is a free one and enough free cells; the donor only as the last one, by taking
    /// it over.
    private CachedSequence makeRoom(@Nullable CachedSequence donor, int cells) {
        while (true) {
            CachedSequence empty = null;
            for (CachedSequence sequence : sequences) {
                if (empty == null && sequence.use == CachedSequence.Use.FREE) {
                    empty = sequence;
                }
            }
            if (empty != null && freeCells - reserved >= cells) {
                return empty;
            }
            CachedSequence oldest = leastRecentlyUsed(donor);
            if (oldest != null) {
                drop(oldest);
            } else if (donor != null && donor.use == CachedSequence.Use.KEPT) {
                return donor;
            } else {
                throw new AssertionError("no room for " + cells + " cells, though it was counted");
            }
        }
    }

    private @Nullable CachedSequence leastRecentlyUsed(@Nullable CachedSequence except) {
        CachedSequence oldest = null;
        for (CachedSequence sequence : sequences) {
            if (sequence.use == CachedSequence.Use.KEPT
                    && sequence != except
                    && (oldest == null || sequence.touched < oldest.touched)) {
                oldest = sequence;
            }
        }
        return oldest;
    }

    private void drop(CachedSequence sequence) {
        truncate(sequence, 0);
        sequence.use = CachedSequence.Use.FREE;
        sequence.known = 0;
        sequence.tokens = new int[0];
        sequence.cells = new int[0];
    }

    private void truncate(CachedSequence sequence, int length) {
        context.removeSequence(sequence.id, length);
        for (int i = length; i < sequence.length; i++) {
            int cell = sequence.cells[i];
            if (--holders[cell] == 0) {
                free[freeCells++] = cell;
            }
        }
        sequence.length = length;
    }
}
