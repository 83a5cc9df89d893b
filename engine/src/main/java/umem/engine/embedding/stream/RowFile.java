package umem.engine.embedding.stream;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import umem.engine.embedding.Encoder;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A file of embeddings under way: rows of float32, little-endian, after NumPy's header if the name ends in `.npy`.
///
/// Rows go to `NAME.part`, which takes the place of `NAME` when it is complete. `NAME.progress` ([RowJournal]) says how
/// many rows are on the disk and what they were made from; it is renewed every second. So whatever ends the process,
/// [#resume] goes on at most a window and a second before that, and the complete file is the same bytes as one that was
/// never cut off. One thread at a time; one process at a time.
public final class RowFile implements RowSink, AutoCloseable {
    private static final long CHECKPOINT_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Path target;
    private final Path part;
    private final Path progress;
    private final RowFormat format;
    private final Encoder encoder;
    private final @Nullable TextLines input;
    private final FileChannel channel;
    private long rows;
    private TextLines.@Nullable Position written;
    private TextLines.@Nullable Position noted;
    private long notedAt = System.nanoTime();

    private RowFile(Path target, Encoder encoder, @Nullable TextLines input, FileChannel channel) {
        this.target = target;
        this.part = beside(target, ".part");
        this.progress = beside(target, ".progress");
        this.format = RowFormat.of(target);
        this.encoder = encoder;
        this.input = input;
        this.channel = channel;
    }

    private static Path beside(Path target, String suffix) {
        return target.resolveSibling(target.getFileName() + suffix);
    }

    /// Begins a file; what an earlier attempt left is given up.
    ///
    /// @param target a new or an existing file, which stays as it is until the new one is complete
    /// @param input where the texts are from; with null, the file cannot be resumed
    /// @throws UmemException of kind USAGE if the target is a folder or a device, BUSY if another process writes it,
    ///     STORAGE if it cannot be written
    public static RowFile create(Path target, Encoder encoder, @Nullable TextLines input) {
        return open(target, encoder, input, file -> {
            Files.deleteIfExists(file.progress);
            file.channel.truncate(0);
            file.write(ByteBuffer.wrap(file.format.header(0, encoder.dimension())), 0);
        });
    }

    /// Goes on with a file that was cut off, or begins it if there is none. The input is read up to where the file
    /// ends.
    ///
    /// @param target as in [#create]
    /// @param input from its beginning
    /// @throws UmemException of kind INPUT if the input has changed or the encoder is another one, and as [#create];
    ///     nothing is lost then
    public static RowFile resume(Path target, Encoder encoder, TextLines input) {
        if (!Files.exists(beside(target, ".progress")) || !Files.exists(beside(target, ".part"))) {
            return create(target, encoder, input);
        }
        return open(target, encoder, input, file -> file.resume(RowJournal.read(file.progress), input));
    }

    @FunctionalInterface
    private interface Start {
        void start(RowFile file) throws IOException;
    }

    private static RowFile open(Path target, Encoder encoder, @Nullable TextLines input, Start start) {
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            throw new UmemException(ErrorKind.USAGE, target + " is no file that could be replaced");
        }
        FileChannel channel = null;
        RowFile opened = null;
        try {
            channel = FileChannel.open(
                    beside(target, ".part"),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
            // A lock on a file that got its last name between the two calls would be one on a complete file.
            if (!lock(channel) || !Files.exists(beside(target, ".part"))) {
                throw new UmemException(
                        ErrorKind.BUSY, target + " is being written by another process; wait until it ends");
            }
            RowFile file = new RowFile(target, encoder, input, channel);
            start.start(file);
            opened = file;
            return file;
        } catch (IOException e) {
            throw failed(target, e);
        } finally {
            if (opened == null && channel != null) {
                closeQuietly(channel);
            }
        }
    }

    private static boolean lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private void resume(RowJournal journal, TextLines from) throws IOException {
        if (!journal.fingerprint().equals(encoder.fingerprint()) || journal.dimension() != encoder.dimension()) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    part + " was begun by another encoder (" + journal.fingerprint() + ", this one is "
                            + encoder.fingerprint() + "); use that one, or start anew, without --resume");
        }
        if (journal.consumed().lines()
                > (channel.size() - format.headerBytes()) / ((long) Float.BYTES * encoder.dimension())) {
            throw new UmemException(ErrorKind.STORAGE, part + " is shorter than it was; start anew, without --resume");
        }
        from.skipTo(journal.consumed());
        channel.truncate(offset(journal.consumed().lines()));
        rows = journal.consumed().lines();
        written = journal.consumed();
        noted = written;
    }

    private long offset(long row) {
        return format.headerBytes() + row * Float.BYTES * encoder.dimension();
    }

    /// Rows in the file by now.
    public long rows() {
        return rows;
    }

    @Override
    public void accept(List<String> texts, MemorySegment added) {
        try {
            write(added.asByteBuffer(), offset(rows));
            rows += texts.size();
            if (input != null) {
                written = input.position();
            }
            if (System.nanoTime() - notedAt > CHECKPOINT_NANOS) {
                checkpoint();
            }
        } catch (IOException e) {
            throw failed(target, e);
        }
    }

    private void write(ByteBuffer bytes, long offset) throws IOException {
        for (long at = offset; bytes.hasRemaining(); ) {
            at += channel.write(bytes, at);
        }
    }

    /// The journal must never promise rows that are not on the disk.
    private void checkpoint() throws IOException {
        TextLines.Position now = written;
        if (now != null && !now.equals(noted)) {
            channel.force(false);
            new RowJournal(RowJournal.VERSION, encoder.fingerprint(), encoder.dimension(), now).write(progress);
            noted = now;
        }
        notedAt = System.nanoTime();
    }

    /// Puts the complete file in its place.
    ///
    /// @throws UmemException of kind STORAGE if that cannot be done
    public void finish() {
        try {
            write(ByteBuffer.wrap(format.header(rows, encoder.dimension())), 0);
            channel.force(true);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
            Files.deleteIfExists(progress);
            channel.close();
        } catch (IOException e) {
            throw failed(target, e);
        }
    }

    private static UmemException failed(Path target, IOException cause) {
        return new UmemException(
                ErrorKind.STORAGE,
                "embedding to " + target + " failed: " + cause + "; check space and permissions",
                cause);
    }

    /// Lets go of a file that is not complete, and leaves what [#resume] needs; nothing, where that would be nothing.
    @Override
    public void close() {
        if (!channel.isOpen()) {
            return;
        }
        try {
            checkpoint();
            if (noted == null) {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            // Resuming begins at the last checkpoint then.
            System.getLogger(RowFile.class.getName()).log(System.Logger.Level.DEBUG, "progress", e);
        } finally {
            closeQuietly(channel);
        }
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            System.getLogger(RowFile.class.getName()).log(System.Logger.Level.DEBUG, "rows", e);
        }
    }
}
