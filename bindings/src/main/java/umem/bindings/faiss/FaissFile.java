package umem.bindings.faiss;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The head of a file that a flat index with ids was saved to. FAISS believes every length that it reads: a damaged
/// file would make it ask for terabytes, or search beyond the end of its rows. So the lengths are checked before.
///
/// ```
/// "IxM2" HEAD "IxFI" HEAD u64 size*dimension, float32 rows, u64 size, i64 ids
/// HEAD = i32 dimension, i64 size, i64 unused, i64 unused, u8 trained, i32 metric (0: inner product)
/// ```
///
/// All little-endian (faiss/impl/index_write.cpp of 1.7).
///
/// @param dimension values a row
/// @param size rows
record FaissFile(int dimension, long size) {
    private static final int HEAD = 4 + 8 + 8 + 8 + 1 + 4;
    private static final int START = 4 + HEAD + 4 + HEAD + 8;

    /// Reads the head and compares it with the length of the file.
    ///
    /// @throws UmemException of kind STORAGE if the file cannot be read or is not what [FaissIndex#save] writes
    static FaissFile read(Path path) {
        try (InputStream in = Files.newInputStream(path)) {
            ByteBuffer head = ByteBuffer.wrap(in.readNBytes(START)).order(ByteOrder.LITTLE_ENDIAN);
            if (head.remaining() < START) {
                throw unsound(path, "it ends after " + head.remaining() + " bytes");
            }
            FaissFile outer = part(head, "IxM2", path);
            FaissFile inner = part(head, "IxFI", path);
            if (!outer.equals(inner)) {
                throw unsound(path, "its two heads differ");
            }
            long values = head.getLong();
            long bytes = Math.addExact(
                    Math.addExact(START + 8L, Math.multiplyExact(outer.rowBytes(), outer.size)),
                    Math.multiplyExact(8L, outer.size));
            if (values != Math.multiplyExact(outer.size, (long) outer.dimension) || Files.size(path) != bytes) {
                throw unsound(
                        path,
                        "it has " + Files.size(path) + " bytes, and " + outer.size + " rows of " + outer.dimension
                                + " values make " + bytes);
            }
            in.skipNBytes(bytes - START - 8 - 8 * outer.size);
            ByteBuffer ids = ByteBuffer.wrap(in.readNBytes(8)).order(ByteOrder.LITTLE_ENDIAN);
            if (ids.remaining() < 8 || ids.getLong() != outer.size) {
                throw unsound(path, "it has not one id a row");
            }
            return outer;
        } catch (ArithmeticException e) {
            throw unsound(path, "its lengths are absurd");
        } catch (NoSuchFileException e) {
            throw new UmemException(ErrorKind.STORAGE, "there is no index file " + path, e);
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, "cannot read index file " + path + ": " + e, e);
        }
    }

    /// Bytes of a row.
    long rowBytes() {
        return 4L * dimension;
    }

    private static FaissFile part(ByteBuffer head, String expected, Path path) {
        byte[] mark = new byte[4];
        head.get(mark);
        if (!new String(mark, StandardCharsets.ISO_8859_1).equals(expected)) {
            throw unsound(path, "it is not a flat index with ids");
        }
        int dimension = head.getInt();
        long size = head.getLong();
        head.position(head.position() + 16);
        boolean trained = head.get() == 1;
        int metric = head.getInt();
        if (dimension < 1 || size < 0 || !trained || metric != 0) {
            throw unsound(path, "its head makes no sense");
        }
        return new FaissFile(dimension, size);
    }

    private static UmemException unsound(Path path, String why) {
        return new UmemException(
                ErrorKind.STORAGE, path + " is no sound index file: " + why + "; delete it and build the index again");
    }
}
