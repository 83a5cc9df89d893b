package umem.engine.memory;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The entries of a bank after some event, in the order in which they were added. Nothing but a rollback, which makes a
/// new state, takes an entry away, so an entry's position is stable within a state.
final class BankState {
    private final List<MemoryEntry> entries = new ArrayList<>();
    private final Map<String, Integer> positions = new HashMap<>();

    /// The state as of event `sequence`.
    ///
    /// What an event builds on is the event before it, or, for a rollback, the event that it went back to. So a state
    /// is made by one walk along that chain, however many rollbacks there were.
    ///
    /// @param events events 1, 2, ...
    /// @throws Inconsistent if an event cannot follow what it builds on
    static BankState at(List<BankEvent> events, long sequence) {
        List<BankEvent> chain = new ArrayList<>();
        long current = sequence;
        while (current > 0) {
            BankEvent event = events.get(Math.toIntExact(current - 1));
            if (event instanceof BankEvent.RolledBack back) {
                if (back.to() < 0 || back.to() >= current) {
                    throw new Inconsistent(current, "it goes back to event " + back.to());
                }
                current = back.to();
            } else {
                chain.add(event);
                current--;
            }
        }
        BankState state = new BankState();
        for (BankEvent event : chain.reversed()) {
            state.apply(event);
        }
        return state;
    }

    /// An event that cannot follow the events before it, although its line is intact.
    static final class Inconsistent extends UmemException {
        private static final long serialVersionUID = 1L;

        private final long sequence;

        Inconsistent(long sequence, String reason) {
            super(ErrorKind.STORAGE, reason);
            this.sequence = sequence;
        }

        long sequence() {
            return sequence;
        }

        /// The line of the event.
        long line() {
            return sequence + 1;
        }

        /// What is wrong with that line.
        String problem() {
            return new LogScan.Damage(line(), String.valueOf(getMessage())).problem();
        }
    }

    /// Moves on by one event that is not a rollback.
    void apply(BankEvent event) {
        switch (event) {
            case BankEvent.Added added -> append(added.sequence(), added.entry());
            case BankEvent.Imported imported -> imported.entries().forEach(entry -> append(imported.sequence(), entry));
            case BankEvent.Updated updated -> replace(updated.sequence(), updated.entry());
            case BankEvent.Used used -> used.ids().forEach(id -> count(used.sequence(), id));
            case BankEvent.RolledBack back ->
                throw new IllegalArgumentException("event " + back.sequence() + " needs the events before it");
        }
    }

    private void append(long sequence, MemoryEntry entry) {
        if (positions.putIfAbsent(entry.id(), entries.size()) != null) {
            throw new Inconsistent(sequence, "it adds " + entry.id() + ", which is there already");
        }
        entries.add(entry);
    }

    private void replace(long sequence, MemoryEntry entry) {
        Integer position = positions.get(entry.id());
        if (position == null || entries.get(position).version() + 1 != entry.version()) {
            throw new Inconsistent(
                    sequence, "it makes version " + entry.version() + " of " + entry.id() + " without the one before");
        }
        entries.set(position, entry);
    }

    private void count(long sequence, String id) {
        Integer position = positions.get(id);
        if (position == null) {
            throw new Inconsistent(sequence, "it uses " + id + ", which is not there");
        }
        MemoryEntry entry = entries.get(position);
        entries.set(position, entry.withUsageCount(entry.usageCount() + 1));
    }

    int size() {
        return entries.size();
    }

    MemoryEntry get(int position) {
        return entries.get(position);
    }

    /// Where an entry is, or -1.
    int position(String id) {
        return positions.getOrDefault(id, -1);
    }

    @Nullable
    MemoryEntry find(String id) {
        int position = position(id);
        return position < 0 ? null : entries.get(position);
    }

    List<MemoryEntry> entries() {
        return List.copyOf(entries);
    }

    /// The id of the next entry: `m1`, `m2`, ..., past ids that imported entries brought along.
    String nextId() {
        int number = entries.size() + 1;
        while (positions.containsKey("m" + number)) {
            number++;
        }
        return "m" + number;
    }

    /// The entry that an action leads to; see [MemoryBank#apply].
    MemoryEntry result(
            MemoryAction action, List<RetrievedMemory> shown, String key, double reward, Provenance provenance) {
        return switch (action) {
            case MemoryAction.Add add ->
                checked(new MemoryEntry(nextId(), 1, key, add.values(), 0, reward, provenance));
            case MemoryAction.Update update -> {
                MemoryEntry old = current(update, shown);
                yield checked(new MemoryEntry(
                        old.id(),
                        Math.addExact(old.version(), 1),
                        key,
                        update.values(),
                        old.usageCount(),
                        reward,
                        provenance));
            }
        };
    }

    private MemoryEntry current(MemoryAction.Update update, List<RetrievedMemory> shown) {
        if (update.index() >= shown.size()) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    update.operation() + " names an entry that was not shown; there were " + shown.size());
        }
        MemoryEntry before = shown.get(update.index()).entry();
        MemoryEntry now = find(before.id());
        if (now == null || !now.isSameVersionAs(before)) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    update.operation() + " was decided on version " + before.version() + " of " + before.id()
                            + ", which is not the current one any more; retrieve and decide again");
        }
        return now;
    }

    /// Entries from elsewhere as this bank can take them: those without an id, or whose id is taken, get new ones.
    List<MemoryEntry> withFreeIds(List<MemoryEntry> others) {
        Set<String> taken = new HashSet<>(positions.keySet());
        List<MemoryEntry> own = new ArrayList<>();
        for (MemoryEntry other : others) {
            MemoryEntry entry = checked(other);
            own.add(!entry.id().isBlank() && taken.add(entry.id()) ? entry : entry.withId(""));
        }
        // New ids come last, so that they are none that a later entry brings along.
        int number = size() + 1;
        for (int i = 0; i < own.size(); i++) {
            if (own.get(i).id().isEmpty()) {
                while (!taken.add("m" + number)) {
                    number++;
                }
                own.set(i, own.get(i).withId("m" + number));
            }
        }
        return own;
    }

    private static MemoryEntry checked(MemoryEntry entry) {
        if (entry.key().isBlank()) {
            throw new IllegalArgumentException("an entry needs a key that is not blank");
        }
        if (entry.values().isEmpty() || entry.values().stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException("an entry needs at least one value, and none may be blank");
        }
        if (entry.version() < 1 || entry.usageCount() < 0 || !Double.isFinite(entry.reward())) {
            throw new IllegalArgumentException("version " + entry.version() + ", usage count " + entry.usageCount()
                    + " or reward " + entry.reward() + " is out of range");
        }
        return entry.wellFormed();
    }
}
