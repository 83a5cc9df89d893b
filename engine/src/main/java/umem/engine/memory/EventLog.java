package umem.engine.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The events of a bank, and the file that they are appended to, if there is one. Not safe for use by several threads.
final class EventLog implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(EventLog.class.getName());

    private final List<BankEvent> events;
    private final @Nullable Storage storage;

    /// Where the events lie.
    private static final class Storage {
        private final Path folder;
        private final BankLock lock;
        private final AppendFile file;
        private long end;
        private boolean unsynced;
        private boolean broken;

        Storage(Path folder, BankLock lock, AppendFile file, long end) {
            this.folder = folder;
            this.lock = lock;
            this.file = file;
            this.end = end;
        }
    }

    private EventLog(List<BankEvent> events, @Nullable Storage storage) {
        this.events = events;
        this.storage = storage;
    }

    /// A log that is written nowhere.
    static EventLog inMemory() {
        return new EventLog(new ArrayList<>(), null);
    }

    /// Opens or creates the log of a folder and takes the folder's lock.
    ///
    /// @throws UmemException of kind BUSY if somebody else has it open, STORAGE if it is damaged or cannot be written,
    ///     INPUT if the path is a file
    static EventLog open(Path folder, AppendFile.Opener opener) {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new UmemException(ErrorKind.INPUT, "bank " + folder + " is a file, not a folder; check the path");
        }
        BankLock lock = null;
        EventLog opened = null;
        try {
            Files.createDirectories(folder);
            lock = BankLock.acquire(folder);
            Path path = folder.resolve(BankFiles.EVENTS);
            if (!Files.exists(path)) {
                create(folder, path);
            }
            LogScan scan = LogScan.of(path);
            requireWhole(folder, scan);
            AppendFile file = opener.open(path);
            try {
                opened = new EventLog(scan.events(), new Storage(folder, lock, file, mend(folder, scan, file)));
            } finally {
                if (opened == null) {
                    file.close();
                }
            }
            return opened;
        } catch (IOException e) {
            throw BankFiles.failed(folder, "cannot be opened", e);
        } finally {
            if (opened == null && lock != null) {
                closeQuietly(lock);
            }
        }
    }

    private static void create(Path folder, Path path) throws IOException {
        Path staged = folder.resolve(BankFiles.EVENTS + ".new");
        Files.deleteIfExists(staged);
        try (AppendFile file = AppendFile.of(staged)) {
            file.write(0, EventJson.header(Instant.now()));
            file.sync();
        }
        Files.move(staged, path, StandardCopyOption.ATOMIC_MOVE);
        BankFiles.syncFolder(folder);
    }

    private static void requireWhole(Path folder, LogScan scan) {
        LogScan.Damage damage = scan.damage();
        if (damage != null) {
            throw damaged(folder, damage.line(), damage.problem());
        }
    }

    /// The error that a damaged line is, with its ways out.
    static UmemException damaged(Path folder, long line, String problem) {
        String wayOut = line < 2
                ? "put a copy of the file back"
                : "`umem bank verify " + folder
                        + "` shows all that is wrong; put a copy of the file back, or return to the"
                        + " last event before the damage with `umem bank rollback " + folder + " " + (line - 2) + "`";
        return new UmemException(ErrorKind.STORAGE, "bank " + folder + ": " + problem + "; " + wayOut);
    }

    /// Cuts off a torn line, or ends a line that lacks its line feed.
    ///
    /// @return the length of the file
    private static long mend(Path folder, LogScan scan, AppendFile file) throws IOException {
        if (scan.tornBytes() > 0) {
            LOG.log(System.Logger.Level.WARNING, "bank {0}: {1}", folder, String.join("; ", scan.problems()));
            file.truncate(scan.end());
            file.sync();
        } else if (scan.unterminated()) {
            file.write(scan.end(), new byte[] {'\n'});
            file.sync();
            return scan.end() + 1;
        }
        return scan.end();
    }

    /// Number of the last event.
    long sequence() {
        return events.size();
    }

    /// Events 1, 2, ..., as a view.
    List<BankEvent> events() {
        return events;
    }

    /// Appends an event whose number is the next one: wholly or not at all.
    ///
    /// @param durable whether it must be on disk, with all before it, when this returns
    /// @throws UmemException of kind STORAGE if it cannot be written; then it is not in the log
    void append(BankEvent event, boolean durable) {
        if (event.sequence() != sequence() + 1) {
            throw new IllegalArgumentException("event " + event.sequence() + " does not follow " + sequence());
        }
        if (storage != null) {
            byte[] line = EventJson.write(event);
            try {
                writable(storage).file.write(storage.end, line);
                storage.unsynced = true;
                if (durable) {
                    sync(storage);
                }
            } catch (IOException e) {
                takeBack(storage, e);
                throw BankFiles.failed(storage.folder, "nothing was committed", e);
            }
            storage.end += line.length;
        }
        events.add(event);
    }

    /// Makes all events durable.
    void sync() {
        if (storage != null && storage.unsynced) {
            try {
                sync(writable(storage));
            } catch (IOException e) {
                throw BankFiles.failed(storage.folder, "the last events may be lost", e);
            }
        }
    }

    private static Storage writable(Storage storage) throws IOException {
        if (storage.broken) {
            throw new IOException("an earlier failure left the file in doubt: open the bank again");
        }
        return storage;
    }

    private static void sync(Storage storage) throws IOException {
        try {
            storage.file.sync();
        } catch (IOException e) {
            // The system may have dropped what it could not write, and a second attempt would report success.
            storage.broken = true;
            throw e;
        }
        storage.unsynced = false;
    }

    private static void takeBack(Storage storage, IOException failure) {
        try {
            storage.file.truncate(storage.end);
        } catch (IOException e) {
            storage.broken = true;
            failure.addSuppressed(e);
        }
    }

    /// Makes all events durable and lets go of file and lock.
    @Override
    public void close() {
        if (storage == null) {
            return;
        }
        try (storage.lock;
                storage.file) {
            if (storage.unsynced && !storage.broken) {
                sync(storage);
            }
        } catch (IOException e) {
            throw BankFiles.failed(storage.folder, "the last events may be lost", e);
        }
    }

    private static void closeQuietly(BankLock lock) {
        try {
            lock.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "lock", e);
        }
    }
}
