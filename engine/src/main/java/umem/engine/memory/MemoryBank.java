package umem.engine.memory;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import umem.engine.embedding.Encoder;
import umem.engine.search.IndexKind;
import umem.engine.search.VectorIndex;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The memory bank `B = {(k_i, v_i)}` (spec, sections 1 to 3): entries that are found by their keys and change only by
/// events, which a log keeps for ever ([EventJson]). State, index and vectors are derived from it.
///
/// Safe for use by several threads: any number may read at once; a change excludes reads and other changes. After
/// [#close()] every method but `close` throws [IllegalStateException].
public final class MemoryBank implements Memories, AutoCloseable {
    private final EventLog log;
    private final @Nullable KeyIndex index;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private BankState state;
    /// Rises whenever a candidate made before would no longer be what its name says.
    private long changes;

    private boolean closed;

    private MemoryBank(EventLog log, @Nullable KeyIndex index, BankState state) {
        this.log = log;
        this.index = index;
        this.state = state;
    }

    /// Opens the bank of a folder for writing, or creates it. A torn last line, which was never committed, is cut off
    /// with a warning. Keys are embedded unless the folder holds the vectors that this encoder made before.
    ///
    /// @param encoder embeds keys; must live as long as the bank, which does not close it
    /// @throws UmemException of kind BUSY if the bank is open elsewhere (the message names the process), STORAGE if its
    ///     log is damaged (file, line and ways out) or cannot be read or written, INPUT if the path is a file
    public static MemoryBank open(Path folder, Encoder encoder) {
        return open(folder, encoder, IndexKind.AUTO::open);
    }

    /// [#open(Path, Encoder)] with an index of one's choice.
    ///
    /// @param index opens an empty index of a dimension; the bank closes it
    public static MemoryBank open(Path folder, Encoder encoder, IntFunction<VectorIndex> index) {
        return open(folder, encoder, index, AppendFile::of);
    }

    /// Opens or creates a bank for upkeep: what needs vectors ([#retrieve], [#candidate]) throws
    /// [IllegalStateException], everything else works as after [#open].
    public static MemoryBank openWithoutEncoder(Path folder) {
        return open(folder, null, IndexKind.AUTO::open, AppendFile::of);
    }

    /// A bank that is kept nowhere.
    ///
    /// @param encoder embeds keys; must live as long as the bank, which does not close it
    public static MemoryBank inMemory(Encoder encoder) {
        return new MemoryBank(
                EventLog.inMemory(), new KeyIndex(encoder, null, IndexKind.AUTO::open), BankState.at(List.of(), 0));
    }

    static MemoryBank open(
            Path folder, @Nullable Encoder encoder, IntFunction<VectorIndex> opened, AppendFile.Opener opener) {
        EventLog log = EventLog.open(folder, opener);
        KeyIndex index = null;
        MemoryBank bank = null;
        try {
            BankState state = state(folder, log);
            if (encoder != null) {
                index = new KeyIndex(
                        encoder, VectorCache.open(folder, encoder.fingerprint(), encoder.dimension()), opened);
                index.make(index.prepare(keys(state)));
            }
            bank = new MemoryBank(log, index, state);
            return bank;
        } finally {
            if (bank == null) {
                if (index != null) {
                    index.close();
                }
                log.close();
            }
        }
    }

    private static BankState state(Path folder, EventLog log) {
        try {
            return BankState.at(log.events(), log.sequence());
        } catch (BankState.Inconsistent e) {
            throw EventLog.damaged(folder, e.line(), e.problem());
        }
    }

    @Override
    public List<RetrievedMemory> retrieve(float[] query, Retrieval retrieval) {
        return reading(() -> new Search(requireIndex(), state, null).retrieve(query, retrieval));
    }

    @Override
    public int size() {
        return reading(() -> state.size());
    }

    @Override
    public List<MemoryEntry> entries() {
        return reading(() -> state.entries());
    }

    /// The entry with this id, in its current version.
    public Optional<MemoryEntry> find(String id) {
        return reading(() -> Optional.ofNullable(state.find(id)));
    }

    /// All versions of an entry that were ever committed, oldest first, those included that a rollback undid. Each is
    /// counted as when it was made; the current one as of now. Empty if the id was never there.
    public List<MemoryEntry> history(String id) {
        return reading(() -> BankLog.history(log.events(), id, state.find(id)));
    }

    /// Number of the last event, 0 if there is none.
    public long sequence() {
        return reading(log::sequence);
    }

    /// The events with higher numbers, oldest first.
    ///
    /// @param sequence number of an event, 0 for all
    public List<BankEvent> eventsAfter(long sequence) {
        return reading(() -> log.events().stream()
                .filter(event -> event.sequence() > sequence)
                .toList());
    }

    /// Commits `Apply(B, a)` (spec, section 3): it is on disk when this returns, or nothing has changed.
    ///
    /// @param action ADD appends an entry; UPDATE i replaces value and key of `shown.get(i)`, keeping id and usage
    ///     count
    /// @param shown what was retrieved and shown when the action was decided on
    /// @param key the query text that the lesson comes from, not blank
    /// @param reward of the action, finite; 0 where none was computed
    /// @param provenance of the new version
    /// @return the entry as it is now
    /// @throws UmemException of kind INPUT if UPDATE names an entry that was not shown, or that is not in the version
    ///     that was shown any more; STORAGE if it cannot be written; whatever the encoder throws
    public MemoryEntry apply(
            MemoryAction action, List<RetrievedMemory> shown, String key, double reward, Provenance provenance) {
        return changing(() -> {
            MemoryEntry entry = state.result(action, shown, key, reward, provenance);
            BankEvent event = switch (action) {
                case MemoryAction.Add add -> new BankEvent.Added(nextSequence(), Instant.now(), entry);
                case MemoryAction.Update update -> new BankEvent.Updated(nextSequence(), Instant.now(), entry);
            };
            commit(event, true);
            return entry;
        });
    }

    /// The candidate bank `Apply(B, a)`: a view of this bank with one entry more or other. It throws
    /// [IllegalStateException] once another action, an import or a rollback has changed the bank.
    ///
    /// @param action as for [#apply], with the same errors
    /// @param shown as for [#apply]
    /// @param key as for [#apply]
    /// @param provenance as for [#apply]; the entry's reward is 0, since it is what the candidate is made to find out
    public Memories candidate(MemoryAction action, List<RetrievedMemory> shown, String key, Provenance provenance) {
        return reading(() -> {
            MemoryEntry entry = state.result(action, shown, key, 0, provenance);
            int position = action instanceof MemoryAction.Update ? state.position(entry.id()) : state.size();
            float[] vector = requireIndex().vector(entry.key());
            return new CandidateBank(this, changes, new Search.Overlay(position, entry, vector));
        });
    }

    /// Counts a retrieval of each entry. The event is in the log at once, and durable with the next commit, [#sync()]
    /// or [#close()]. Entries that are no longer there are passed over.
    ///
    /// @throws UmemException of kind STORAGE if it cannot be written; then nothing is counted
    public void recordUse(List<RetrievedMemory> used) {
        changing(() -> {
            List<String> ids = used.stream()
                    .map(memory -> memory.entry().id())
                    .filter(id -> state.position(id) >= 0)
                    .toList();
            if (!ids.isEmpty()) {
                commit(new BankEvent.Used(nextSequence(), Instant.now(), ids), false);
            }
            return ids;
        });
    }

    /// Takes entries over from elsewhere, as one event, durable when this returns. An entry whose id is taken gets a
    /// new one.
    ///
    /// @param entries in the order in which they are to be added; keys not blank
    /// @return the entries as they are in the bank
    /// @throws UmemException as [#apply]
    public List<MemoryEntry> importEntries(List<MemoryEntry> entries) {
        return changing(() -> {
            List<MemoryEntry> imported = state.withFreeIds(entries);
            if (!imported.isEmpty()) {
                commit(new BankEvent.Imported(nextSequence(), Instant.now(), imported), true);
            }
            return imported;
        });
    }

    /// Goes back to the state as of an event, usage counts and future ids included. This is an event of its own, so
    /// every later state stays in the history and can be returned to as well. Durable when it returns. Does nothing if
    /// `sequence` is the last event.
    ///
    /// @param sequence number of an event, 0 for the empty bank
    /// @throws UmemException of kind INPUT if there is no such event; otherwise as [#apply]
    public void rollback(long sequence) {
        changing(() -> {
            if (sequence < 0 || sequence > log.sequence()) {
                throw new UmemException(
                        ErrorKind.INPUT,
                        "the bank has no event " + sequence + "; choose one from 0 to " + log.sequence());
            }
            if (sequence < log.sequence()) {
                BankState target = BankState.at(log.events(), sequence);
                KeyIndex.Change change = index == null ? null : index.prepare(keys(target));
                log.append(new BankEvent.RolledBack(nextSequence(), Instant.now(), sequence), true);
                become(target, change);
                changes++;
            }
            return sequence;
        });
    }

    /// Makes everything durable that is in the log, such as counted retrievals.
    ///
    /// @throws UmemException of kind STORAGE if it cannot be written
    public void sync() {
        changing(() -> {
            log.sync();
            return true;
        });
    }

    /// Makes everything durable and lets go of the folder. Idempotent.
    ///
    /// @throws UmemException of kind STORAGE if the last events cannot be made durable; the folder is let go all the
    ///     same
    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                if (index != null) {
                    index.close();
                }
                log.close();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    /// Reads with an action overlaid.
    ///
    /// @param made value of `changes` when the overlay was made
    <T> T reading(long made, Search.Overlay overlay, Function<Search, T> read) {
        return reading(() -> {
            if (made != changes) {
                throw new IllegalStateException("the bank has changed since this candidate was made");
            }
            return read.apply(new Search(requireIndex(), state, overlay));
        });
    }

    private void commit(BankEvent event, boolean durable) {
        KeyIndex.Change change =
                index == null || event instanceof BankEvent.Used ? null : index.prepare(keysAfter(event));
        log.append(event, durable);
        state.apply(event);
        become(state, change);
        if (!(event instanceof BankEvent.Used)) {
            changes++;
        }
    }

    private List<String> keysAfter(BankEvent event) {
        List<String> keys = keys(state);
        switch (event) {
            case BankEvent.Added added -> keys.add(added.entry().key());
            case BankEvent.Imported imported -> imported.entries().forEach(entry -> keys.add(entry.key()));
            case BankEvent.Updated updated ->
                keys.set(state.position(updated.entry().id()), updated.entry().key());
            case BankEvent.Used used -> {}
            case BankEvent.RolledBack back -> throw new IllegalArgumentException("a rollback is no step");
        }
        return keys;
    }

    private void become(BankState next, KeyIndex.@Nullable Change change) {
        state = next;
        if (index != null && change != null) {
            index.make(change);
        }
    }

    private static List<String> keys(BankState state) {
        List<String> keys = new ArrayList<>(state.size() + 1);
        for (int position = 0; position < state.size(); position++) {
            keys.add(state.get(position).key());
        }
        return keys;
    }

    private long nextSequence() {
        return log.sequence() + 1;
    }

    private KeyIndex requireIndex() {
        if (index == null) {
            throw new IllegalStateException("the bank was opened without an encoder");
        }
        return index;
    }

    private <T> T reading(Supplier<T> read) {
        return locked(lock.readLock(), read);
    }

    private <T> T changing(Supplier<T> change) {
        return locked(lock.writeLock(), change);
    }

    private <T> T locked(Lock held, Supplier<T> work) {
        held.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the bank is closed");
            }
            return work.get();
        } finally {
            held.unlock();
        }
    }
}
