package umem.engine.search;

import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The file of a [RowStore]. All numbers are little-endian.
///
/// | offset | what |
/// | --- | --- |
/// | 0 | magic: the 8 bytes `UMEMROWS` |
/// | 8 | int32 format version, 1 |
/// | 12 | int32 element type, 1: float32 |
/// | 16 | int32 dimension |
/// | 20 | int32 zero |
/// | 24 | int64 rows |
/// | 32 | 24 bytes of zeros |
/// | 56 | int32 CRC32C of all that follows the header |
/// | 60 | int32 CRC32C of the 60 bytes before |
/// | 64 | an int64 id for each row, zeros up to a multiple of 64 bytes |
/// | | the rows by position, float32, each padded with zeros to a multiple of 16 values |
///
/// @param dimension values a row
/// @param rows how many rows
/// @param checksum of all that follows the header
record RowFile(int dimension, int rows, int checksum) {
    static final int HEADER = 64;

    private static final byte[] MAGIC = {'U', 'M', 'E', 'M', 'R', 'O', 'W', 'S'};
    private static final int VERSION = 1;
    private static final int FLOAT32 = 1;
    private static final int BUFFER = 1 << 20;

    /// Where the rows start.
    long rowsOffset() {
        return HEADER + idBytes();
    }

    /// Bytes of all ids with their padding.
    private long idBytes() {
        return Math.ceilDiv(8L * rows, 64) * 64;
    }

    /// Bytes of all rows with their padding.
    long rowBytes() {
        return 4L * SearchKernels.stride(dimension) * rows;
    }

    /// Writes a store, whose read lock the caller holds, to a file, which appears, or replaces an older one, once it is
    /// whole and on the disk.
    static void write(Path path, RowStore store) {
        Path file = path.toAbsolutePath();
        Path staged = file.resolveSibling("." + file.getFileName() + "."
                + ProcessHandle.current().pid() + "-" + Thread.currentThread().threadId());
        try {
            // Not a FileChannel: that closes itself when the thread is interrupted.
            try (RandomAccessFile out = new RandomAccessFile(staged.toFile(), "rw")) {
                out.setLength(0);
                out.write(new byte[HEADER]);
                CRC32C checksum = new CRC32C();
                body(out, store, checksum);
                RowFile header = new RowFile(store.dimension(), store.rows(), (int) checksum.getValue());
                out.seek(0);
                out.write(header.encoded());
                out.getFD().sync();
            }
            Files.move(staged, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            try (FileChannel folder =
                    FileChannel.open(Objects.requireNonNull(file.getParent()), StandardOpenOption.READ)) {
                folder.force(true);
            }
        } catch (IOException e) {
            throw failed("cannot save the index to " + file, e);
        } finally {
            try {
                Files.deleteIfExists(staged);
            } catch (IOException e) {
                System.getLogger(RowFile.class.getName()).log(System.Logger.Level.DEBUG, "left behind", e);
            }
        }
    }

    private static void body(RandomAccessFile out, RowStore store, CRC32C checksum) throws IOException {
        byte[] bytes = new byte[BUFFER];
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long[] ids = store.ids();
        int padded = Math.ceilDiv(store.rows(), 8) * 8;
        for (int position = 0; position < padded; position++) {
            buffer.putLong(position < store.rows() ? ids[position] : 0);
            if (!buffer.hasRemaining() || position == padded - 1) {
                checksum.update(bytes, 0, buffer.position());
                out.write(bytes, 0, buffer.position());
                buffer.clear();
            }
        }
        for (int first = 0; first < store.rows(); first += RowStore.ROWS) {
            long end = 4L * store.stride() * Math.min(RowStore.ROWS, store.rows() - first);
            MemorySegment chunk = store.chunk(first / RowStore.ROWS);
            for (long at = 0; at < end; at += BUFFER) {
                int some = (int) Math.min(BUFFER, end - at);
                MemorySegment.copy(chunk, ValueLayout.JAVA_BYTE, at, bytes, 0, some);
                checksum.update(bytes, 0, some);
                out.write(bytes, 0, some);
            }
        }
    }

    private byte[] encoded() {
        ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
        header.put(MAGIC)
                .putInt(VERSION)
                .putInt(FLOAT32)
                .putInt(dimension)
                .putInt(0)
                .putLong(rows);
        header.putInt(56, checksum);
        header.putInt(60, crc(header.array()));
        return header.array();
    }

    /// Reads a file into a new store, and checks all of it.
    ///
    /// @param mapped whether the rows stay in the file's own pages, which the system may drop and read again; needs the
    ///     permission to write the file, though nothing is written to it
    /// @throws UmemException of kind INPUT if it is no such file or one of another version, of kind STORAGE if it is
    ///     damaged, cannot be read, or is too large for the memory
    static RowStore read(Path path, boolean mapped) {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), mapped ? "rw" : "r")) {
            byte[] start = new byte[(int) Math.min(HEADER, file.length())];
            file.readFully(start);
            RowFile header = decoded(start, path);
            header.requireLength(file.length(), path);
            RowStore store = new RowStore(header.dimension);
            boolean whole = false;
            try {
                header.readBody(file, store, mapped);
                whole = true;
                return store;
            } finally {
                if (!whole) {
                    store.close();
                }
            }
        } catch (IllegalArgumentException e) {
            throw damaged(path, Objects.requireNonNullElse(e.getMessage(), e.toString()), e);
        } catch (EOFException e) {
            throw damaged(path, "it was cut while it was read", e);
        } catch (OutOfMemoryError e) {
            throw new UmemException(
                    ErrorKind.STORAGE, "index " + path + " does not fit into the Java heap; allow more with -Xmx", e);
        } catch (IOException e) {
            throw failed("cannot read the index " + path, e);
        }
    }

    private static RowFile decoded(byte[] bytes, Path path) {
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < MAGIC.length; i++) {
            if (i >= bytes.length || bytes[i] != MAGIC[i]) {
                throw new UmemException(ErrorKind.INPUT, path + " is not an index of UMEM; check the path");
            }
        }
        if (bytes.length < HEADER) {
            throw damaged(path, "it ends within its header", null);
        }
        // The version first: another one may end its header otherwise.
        int version = header.getInt(8);
        if (version != VERSION) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    path + " has format " + version + ", but this version of UMEM reads format " + VERSION
                            + "; read it with the version that wrote it, or build it anew");
        }
        if (header.getInt(60) != crc(bytes)) {
            throw damaged(path, "the checksum of its header is wrong", null);
        }
        int type = header.getInt(12);
        if (type != FLOAT32) {
            throw new UmemException(
                    ErrorKind.INPUT, path + " holds rows of type " + type + ", not float32; build it anew");
        }
        int dimension = header.getInt(16);
        long rows = header.getLong(24);
        if (dimension < 1 || dimension > RowStore.MAX_DIMENSION || rows < 0 || rows > IdMap.MAX_SIZE) {
            throw damaged(path, "its header promises " + rows + " rows of " + dimension + " values", null);
        }
        return new RowFile(dimension, (int) rows, header.getInt(56));
    }

    private void requireLength(long actual, Path path) {
        long expected = rowsOffset() + rowBytes();
        if (actual != expected) {
            throw damaged(path, "it has " + actual + " bytes instead of " + expected, null);
        }
    }

    private void readBody(RandomAccessFile file, RowStore store, boolean mapped) throws IOException {
        CRC32C crc = new CRC32C();
        long[] ids = new long[rows];
        byte[] some = new byte[BUFFER];
        ByteBuffer buffer = ByteBuffer.wrap(some).order(ByteOrder.LITTLE_ENDIAN);
        for (long at = 0; at < idBytes(); at += BUFFER) {
            int length = (int) Math.min(BUFFER, idBytes() - at);
            file.readFully(some, 0, length);
            crc.update(some, 0, length);
            for (int i = 0; i < length && (at + i) / 8 < rows; i += 8) {
                ids[(int) ((at + i) / 8)] = buffer.getLong(i);
            }
        }
        int padded = 4 * store.stride();
        int batch = Math.max(1, BUFFER / padded);
        byte[] bytes = new byte[batch * padded];
        MemorySegment compact = MemorySegment.ofArray(new byte[batch * 4 * dimension]);
        for (int first = 0; first < rows; first += batch) {
            int count = Math.min(batch, rows - first);
            file.readFully(bytes, 0, count * padded);
            crc.update(bytes, 0, count * padded);
            if (!mapped) {
                for (int row = 0; row < count; row++) {
                    MemorySegment.copy(
                            MemorySegment.ofArray(bytes),
                            (long) row * padded,
                            compact,
                            4L * dimension * row,
                            4L * dimension);
                }
                store.addAll(Arrays.copyOfRange(ids, first, first + count), compact.asSlice(0, 4L * dimension * count));
            }
        }
        if ((int) crc.getValue() != checksum) {
            throw new IllegalArgumentException("its checksum is wrong");
        }
        if (mapped) {
            store.adopt(file.getChannel(), rowsOffset(), ids);
        }
    }

    private static UmemException damaged(Path path, String how, @Nullable Throwable cause) {
        return new UmemException(
                ErrorKind.STORAGE,
                "index " + path + " is damaged: " + how + "; put a copy of the file back, or build it anew",
                cause);
    }

    private static UmemException failed(String what, IOException cause) {
        if (cause instanceof ClosedByInterruptException) {
            return new UmemException(ErrorKind.INTERRUPTED, what + ": interrupted", cause);
        }
        String reason = switch (cause) {
            case NoSuchFileException e -> "no such file or folder";
            case AccessDeniedException e -> "no permission";
            default ->
                Objects.requireNonNullElse(cause.getMessage(), cause.getClass().getSimpleName());
        };
        return new UmemException(
                ErrorKind.STORAGE, what + ": " + reason + "; check path, space and permissions", cause);
    }

    private static int crc(byte[] header) {
        CRC32C crc = new CRC32C();
        crc.update(header, 0, 60);
        return (int) crc.getValue();
    }
}
