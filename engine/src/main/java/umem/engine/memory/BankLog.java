package umem.engine.memory;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A bank's log as it lies in its folder, read without lock and without encoder, so also while another process writes
/// it.
///
/// @param folder where it was read
/// @param entries state after the last of `events`
/// @param events events 1, 2, ... up to the first damaged line
/// @param intactEvents how many events can be read, those behind a damaged line included
/// @param problems all that is wrong with the log, one line each and in its order: damaged lines, and a torn last line,
///     which was never committed
/// @param damagedLine the first damaged line, for which the bank cannot be opened; 0 if there is none. A torn last line
///     is no damage
public record BankLog(
        Path folder,
        List<MemoryEntry> entries,
        List<BankEvent> events,
        long intactEvents,
        List<String> problems,
        long damagedLine) {
    public BankLog {
        entries = List.copyOf(entries);
        events = List.copyOf(events);
        problems = List.copyOf(problems);
    }

    /// Reads and checks the log of a folder.
    ///
    /// @throws UmemException of kind INPUT if the folder holds no bank, STORAGE if it cannot be read
    public static BankLog read(Path folder) {
        LogScan scan;
        try {
            scan = LogScan.of(BankFiles.existingLog(folder));
        } catch (IOException e) {
            throw BankFiles.failed(folder, "cannot be read", e);
        }
        List<BankEvent> events = scan.events();
        List<String> problems = new ArrayList<>(scan.problems());
        long damagedLine = scan.damage() == null ? 0 : scan.damage().line();
        List<MemoryEntry> entries;
        try {
            entries = replay(events);
        } catch (BankState.Inconsistent e) {
            damagedLine = e.line();
            problems.addFirst(e.problem());
            events = events.subList(0, Math.toIntExact(e.sequence() - 1));
            entries = replay(events);
        }
        return new BankLog(folder, entries, events, scan.intact(), problems, damagedLine);
    }

    /// Throws the error with which opening the bank would fail.
    ///
    /// @throws UmemException of kind STORAGE if a line is damaged; it names the line and the ways out
    public void requireUndamaged() {
        if (damagedLine > 0) {
            throw EventLog.damaged(folder, damagedLine, problems.getFirst());
        }
    }

    /// Whether nothing is wrong.
    public boolean ok() {
        return problems.isEmpty();
    }

    /// All versions of an entry in the order of their commits, undone ones included, each counted as when it was made;
    /// the current one as of now.
    public List<MemoryEntry> history(String id) {
        MemoryEntry current = entries.stream()
                .filter(entry -> entry.id().equals(id))
                .findFirst()
                .orElse(null);
        return history(events, id, current);
    }

    static List<MemoryEntry> history(List<BankEvent> events, String id, @Nullable MemoryEntry current) {
        List<MemoryEntry> versions = new ArrayList<>();
        for (BankEvent event : events) {
            switch (event) {
                case BankEvent.Added added -> versions.add(added.entry());
                case BankEvent.Updated updated -> versions.add(updated.entry());
                case BankEvent.Imported imported -> versions.addAll(imported.entries());
                case BankEvent.Used used -> {}
                case BankEvent.RolledBack back -> {}
            }
        }
        return versions.stream()
                .filter(version -> version.id().equals(id))
                .map(version -> current != null && version.isSameVersionAs(current) ? current : version)
                .toList();
    }

    /// The last state, every event checked on the way, those included that a rollback undid.
    private static List<MemoryEntry> replay(List<BankEvent> events) {
        BankState state = BankState.at(events, 0);
        for (BankEvent event : events) {
            if (event instanceof BankEvent.RolledBack) {
                state = BankState.at(events, event.sequence());
            } else {
                state.apply(event);
            }
        }
        return state.entries();
    }
}
