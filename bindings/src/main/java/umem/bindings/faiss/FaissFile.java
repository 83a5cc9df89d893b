package umem.bindings.faiss;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import umem.bindings.NativeException;
import umem.bindings.internal.FreeMemory;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A file of FAISS's own form, followed by a seal of 24 bytes. FAISS believes every length and link that it reads: a
/// damaged file would make it ask for terabytes, or search beyond the end of its rows. So nothing that is not whole
/// reaches it.
///
/// ```
/// file = index in FAISS's form, "UMEMFAIS", i32 1 (version of the seal), i32 CRC32C of the index, i64 its bytes
/// ```
///
/// The seal is little-endian.
final class FaissFile {
    private static final byte[] MARK = "UMEMFAIS".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;
    private static final int SEAL = 24;
    private static final int BUFFER = 1 << 18;

    private FaissFile() {}

    /// Writes a file, which appears, or replaces an older one, once it is whole and on the disk.
    ///
    /// @param write writes the index in FAISS's form to the path that it is given
    static void save(Path path, Consumer<Path> write) {
        Path file = path.toAbsolutePath();
        Path temporary = file.resolveSibling("." + file.getFileName() + "."
                + ProcessHandle.current().pid() + "-" + Thread.currentThread().threadId());
        try {
            write.accept(temporary);
            seal(temporary);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (NativeException e) {
            throw storageFailure("cannot save the index to " + file, e);
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, "cannot save the index to " + file + ": " + e, e);
        } finally {
            deleteQuietly(temporary);
        }
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // What made the save fail, if anything did, is the error that counts.
            System.getLogger(FaissFile.class.getName()).log(System.Logger.Level.WARNING, "cannot delete " + file, e);
        }
    }

    /// The same refusal, with the file to blame.
    static NativeException storageFailure(String message, NativeException e) {
        return new NativeException(
                ErrorKind.STORAGE, message, e.function(), e.code(), e.nativeText(), e.libraryVersion());
    }

    /// Adds the seal to a file that FAISS wrote, and puts it on the disk.
    private static void seal(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long bytes = channel.size();
            ByteBuffer seal = ByteBuffer.allocate(SEAL).order(ByteOrder.LITTLE_ENDIAN);
            seal.put(MARK).putInt(VERSION).putInt(checksum(channel, bytes)).putLong(bytes);
            seal.flip();
            while (seal.hasRemaining()) {
                channel.write(seal, bytes + seal.position());
            }
            channel.force(true);
        }
    }

    /// Reads the file in full and compares it with its seal, and its size with the memory that is free.
    ///
    /// @throws UmemException of kind STORAGE if the file cannot be read or is not what [FaissIndex#save] wrote, NATIVE
    /// if
    ///     it needs more memory than is free
    static void requireIntact(Path path) {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long bytes = channel.size() - SEAL;
            if (bytes < 0) {
                throw unsound(path, "it ends after " + (bytes + SEAL) + " bytes");
            }
            ByteBuffer seal = ByteBuffer.allocate(SEAL).order(ByteOrder.LITTLE_ENDIAN);
            fill(channel, seal, bytes);
            byte[] mark = new byte[MARK.length];
            seal.get(mark);
            if (!Arrays.equals(mark, MARK)) {
                throw unsound(path, "it was cut off, or something else wrote it");
            }
            int version = seal.getInt();
            if (version != VERSION) {
                throw unsound(path, "its seal has version " + version + ", and this program reads " + VERSION);
            }
            int checksum = seal.getInt();
            if (seal.getLong() != bytes || checksum(channel, bytes) != checksum) {
                throw unsound(path, "it was damaged");
            }
            requireMemory(path, bytes);
        } catch (NoSuchFileException e) {
            throw new UmemException(ErrorKind.STORAGE, "there is no index file " + path, e);
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, "cannot read index file " + path + ": " + e, e);
        }
    }

    private static void requireMemory(Path path, long bytes) {
        // What the maps of ids take is not in the file.
        long needed = bytes + bytes / 4;
        if (needed > FreeMemory.bytes()) {
            throw new UmemException(
                    ErrorKind.NATIVE,
                    String.format(
                            Locale.ROOT,
                            "not enough memory: the index %s takes %.1f GiB, %.1f GiB are free",
                            path,
                            needed / 0x1p30,
                            FreeMemory.bytes() / 0x1p30));
        }
    }

    private static int checksum(FileChannel channel, long bytes) throws IOException {
        CRC32C checksum = new CRC32C();
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        for (long at = 0; at < bytes; at += buffer.limit()) {
            buffer.clear().limit((int) Math.min(BUFFER, bytes - at));
            fill(channel, buffer, at);
            checksum.update(buffer);
        }
        return (int) checksum.getValue();
    }

    private static void fill(FileChannel channel, ByteBuffer buffer, long at) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, at + buffer.position()) < 0) {
                throw new IOException("it grew shorter while it was read");
            }
        }
        buffer.flip();
    }

    private static UmemException unsound(Path path, String why) {
        return new UmemException(
                ErrorKind.STORAGE, path + " is no sound index file: " + why + "; delete it and build the index again");
    }
}
