package umem.engine.memory;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.Optional;

/// Goes back in the history of a bank that may be too damaged to be opened.
public final class BankRepair {
    private BankRepair() {}

    /// What was done.
    ///
    /// @param sequence number of the last event now
    /// @param entries how many entries the bank has now
    /// @param setAside copy of the damaged log as it was, if it had to be cut
    public record Outcome(long sequence, int entries, Optional<Path> setAside) {}

    /// Returns to the state as of an event, as [MemoryBank#rollback] does. If a line of the log is damaged and the
    /// event lies before it, the log is set aside as `events.damaged-N.jsonl` and cut before that line first.
    ///
    /// @param sequence number of an event, 0 for the empty bank
    /// @throws UmemException of kind INPUT if the folder holds no bank or the bank has no such event, STORAGE if the
    ///     event lies behind the damage, BUSY if the bank is open elsewhere
    public static Outcome rollback(Path folder, long sequence) {
        Path log = BankFiles.existingLog(folder);
        Optional<Path> setAside;
        try {
            BankLock lock = BankLock.acquire(folder);
            try (lock) {
                setAside = cutBeforeDamage(folder, log, sequence);
            }
        } catch (IOException e) {
            throw BankFiles.failed(folder, "cannot be repaired", e);
        }
        try (MemoryBank bank = MemoryBank.openWithoutEncoder(folder)) {
            bank.rollback(sequence);
            return new Outcome(bank.sequence(), bank.size(), setAside);
        }
    }

    private static Optional<Path> cutBeforeDamage(Path folder, Path log, long sequence) throws IOException {
        BankLog found = BankLog.read(folder);
        if (found.damagedLine() == 0) {
            return Optional.empty();
        }
        if (found.damagedLine() == 1
                || sequence < 0
                || sequence > found.events().size()) {
            found.requireUndamaged();
        }
        Path copy = freeName(folder);
        Path staged = folder.resolve(BankFiles.EVENTS + ".new");
        Files.copy(log, staged, StandardCopyOption.REPLACE_EXISTING);
        try (AppendFile file = AppendFile.of(staged)) {
            file.sync();
        }
        Files.move(staged, copy, StandardCopyOption.ATOMIC_MOVE);
        BankFiles.syncFolder(folder);
        long end = startOfLine(log, found.damagedLine());
        try (AppendFile file = AppendFile.of(log)) {
            file.truncate(end);
            file.sync();
        }
        return Optional.of(copy);
    }

    private static Path freeName(Path folder) {
        int number = 1;
        Path path = folder.resolve("events.damaged-1.jsonl");
        while (Files.exists(path)) {
            number++;
            path = folder.resolve("events.damaged-" + number + ".jsonl");
        }
        return path;
    }

    private static long startOfLine(Path log, long line) throws IOException {
        try (InputStream stream = Files.newInputStream(log)) {
            Lines lines = new Lines(stream);
            long start = 0;
            for (long number = 1; number < line; number++) {
                start += Objects.requireNonNull(lines.next()).length + 1L;
            }
            return start;
        }
    }
}
