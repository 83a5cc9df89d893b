package umem.engine.search;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.BitSet;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.jspecify.annotations.Nullable;
import umem.bindings.faiss.FaissIndex;
import umem.bindings.faiss.FaissLibrary;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The base of an [ApproximateIndex], in two files beside that of its rows, which is a [RowFile]: `FILE.base`, written
/// and checked by [FaissIndex], and `FILE.base.ids`. A base can be made from the rows again, so nothing is lost with
/// it.
///
/// ```
/// FILE.base.ids = i64 mark and version, the 64 bytes of the header of FILE (a checksum of all rows among them),
///                 UTF factory string, i32 n, n * i64 id, n bits: gone or not, in whole i64, i32 CRC32C of all before
/// ```
///
/// Big-endian, as `java.io.DataOutput` writes. It is deleted before, and written after, everything else: where it is
/// there and names the rows, both others are its own.
final class ApproximateFile {
    private static final Logger LOG = System.getLogger(ApproximateFile.class.getName());

    /// "UMEMBAS" and version 1.
    private static final long MARK = 0x554D454D42415301L;

    private ApproximateFile() {}

    private static Path base(Path file) {
        return file.resolveSibling(file.getFileName() + ".base");
    }

    private static Path ids(Path file) {
        return file.resolveSibling(file.getFileName() + ".base.ids");
    }

    /// Writes rows and base, which do not change meanwhile.
    ///
    /// @throws UmemException of kind STORAGE if a file cannot be written
    static void write(Path file, FlatIndex rows, @Nullable ApproximateBase base) {
        try {
            Files.deleteIfExists(ids(file));
            rows.save(file);
            if (base == null) {
                Files.deleteIfExists(base(file));
                return;
            }
            base.faiss().save(base(file));
            Path staged = ids(file).resolveSibling(ids(file).getFileName() + ".part");
            try (CheckedOutputStream checked = new CheckedOutputStream(
                            new BufferedOutputStream(Files.newOutputStream(staged)), new CRC32C());
                    DataOutputStream out = new DataOutputStream(checked)) {
                out.writeLong(MARK);
                out.write(header(file));
                out.writeUTF(base.description());
                out.writeInt(base.size());
                for (int i = 0; i < base.size(); i++) {
                    out.writeLong(base.ids()[i]);
                }
                long[] gone = Arrays.copyOf(base.gone().toLongArray(), Math.ceilDiv(base.size(), 64));
                for (long bits : gone) {
                    out.writeLong(bits);
                }
                out.writeInt((int) checked.getChecksum().getValue());
            }
            Files.move(staged, ids(file), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, "cannot save the base of the index " + file + ": " + e, e);
        }
    }

    /// Reads the base of these rows.
    ///
    /// @param store the rows, read from `file`
    /// @return null, with a line in the log, where there is none that is whole and of these rows
    static @Nullable ApproximateBase read(FaissLibrary library, Path file, RowStore store, ApproximateOptions options) {
        if (!Files.exists(ids(file))) {
            return null;
        }
        try (InputStream bytes = new BufferedInputStream(Files.newInputStream(ids(file)));
                CheckedInputStream checked = new CheckedInputStream(bytes, new CRC32C());
                DataInputStream in = new DataInputStream(checked)) {
            if (in.readLong() != MARK || !Arrays.equals(in.readNBytes(RowFile.HEADER), header(file))) {
                throw new IOException("it is that of other rows");
            }
            String description = in.readUTF();
            int count = in.readInt();
            if (count < 0 || count > Files.size(ids(file)) / 8) {
                throw new IOException("it is damaged");
            }
            long[] ids = new long[count];
            for (int i = 0; i < count; i++) {
                ids[i] = in.readLong();
            }
            long[] gone = new long[Math.ceilDiv(count, 64)];
            for (int i = 0; i < gone.length; i++) {
                gone[i] = in.readLong();
            }
            int expected = (int) checked.getChecksum().getValue();
            if (in.readInt() != expected) {
                throw new IOException("it is damaged");
            }
            return restored(library, base(file), store, options, description, ids, BitSet.valueOf(gone));
        } catch (IOException | UmemException e) {
            LOG.log(
                    Level.WARNING,
                    "the base of the index {0} cannot be used, and is built anew: {1}",
                    file,
                    e instanceof EOFException ? "it ends too early" : e.getMessage());
            return null;
        }
    }

    private static ApproximateBase restored(
            FaissLibrary library,
            Path path,
            RowStore store,
            ApproximateOptions options,
            String description,
            long[] ids,
            BitSet gone)
            throws IOException {
        FaissIndex faiss = FaissIndex.load(library, path);
        ApproximateBase base = null;
        try {
            if (faiss.size() != ids.length || faiss.dimension() != store.dimension()) {
                throw new IOException("its parts belong to different saves");
            }
            ApproximateBuild.tune(faiss, options, description);
            base = new ApproximateBase(description, faiss, ids, ids.length, gone);
            base.follow(store);
            return base;
        } catch (Throwable t) {
            if (base != null) {
                base.close();
            }
            faiss.close();
            throw t;
        }
    }

    private static byte[] header(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(RowFile.HEADER);
        }
    }
}
