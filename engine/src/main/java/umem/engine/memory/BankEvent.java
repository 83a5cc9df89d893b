package umem.engine.memory;

import java.time.Instant;
import java.util.List;

/// One event of the bank's log. Numbers rise by one from 1; a bank without events has the number 0.
public sealed interface BankEvent {
    /// Number of the event.
    long sequence();

    /// When it was committed.
    Instant at();

    /// An entry was appended.
    ///
    /// @param entry in version 1
    record Added(long sequence, Instant at, MemoryEntry entry) implements BankEvent {}

    /// Value and key of an entry were replaced.
    ///
    /// @param entry in its new version
    record Updated(long sequence, Instant at, MemoryEntry entry) implements BankEvent {}

    /// Entries were taken over from elsewhere, all of them or none.
    record Imported(long sequence, Instant at, List<MemoryEntry> entries) implements BankEvent {
        public Imported {
            entries = List.copyOf(entries);
        }
    }

    /// Entries were retrieved once each.
    record Used(long sequence, Instant at, List<String> ids) implements BankEvent {
        public Used {
            ids = List.copyOf(ids);
        }
    }

    /// The bank went back to its state as of an earlier event.
    ///
    /// @param to number of that event, 0 for the empty bank
    record RolledBack(long sequence, Instant at, long to) implements BankEvent {}
}
