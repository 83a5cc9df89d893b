package umem.bindings.internal;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Looks at a shared library before the dynamic linker does: glibc maps what the program headers name without asking
/// whether the file is that long, and a file that was cut off then ends the process with SIGBUS.
public final class ElfFile {
    private static final int HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int PT_LOAD = 1;

    private ElfFile() {}

    /// @param library a shared library of this machine (ELF, 64 bits, little-endian)
    /// @throws UmemException of kind NATIVE if the file is missing, is no shared library, or was cut off
    public static void requireWhole(Path library) {
        if (!Files.isRegularFile(library)) {
            throw new UmemException(
                    ErrorKind.NATIVE, "native library " + library + " is missing; provision the libraries again");
        }
        try (FileChannel channel = FileChannel.open(library)) {
            ByteBuffer header = read(channel, 0, HEADER);
            // Magic number, 64 bits, little-endian.
            if (header.getInt(0) != 0x464c457f || header.get(4) != 2 || header.get(5) != 1) {
                throw unsound(library, "is no shared library for this machine (invalid ELF header)");
            }
            long offset = header.getLong(0x20);
            int size = Short.toUnsignedInt(header.getShort(0x36));
            int count = Short.toUnsignedInt(header.getShort(0x38));
            if (size != PROGRAM_HEADER) {
                throw unsound(library, "is no shared library for this machine (invalid ELF header)");
            }
            ByteBuffer programs = read(channel, offset, size * count);
            for (int at = 0; at < programs.limit(); at += size) {
                long start = programs.getLong(at + 8);
                long bytes = programs.getLong(at + 32);
                long length = channel.size();
                if (programs.getInt(at) == PT_LOAD
                        && (start < 0 || bytes < 0 || start > length || bytes > length - start)) {
                    throw unsound(library, "was cut off");
                }
            }
        } catch (EOFException e) {
            throw unsound(library, "was cut off");
        } catch (IOException e) {
            throw new UmemException(ErrorKind.NATIVE, "cannot read native library " + library + ": " + e, e);
        }
    }

    private static ByteBuffer read(FileChannel channel, long offset, int length) throws IOException {
        if (offset < 0 || offset > channel.size() - length) {
            throw new EOFException();
        }
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, offset + bytes.position()) < 0) {
                throw new EOFException();
            }
        }
        return bytes.flip();
    }

    private static UmemException unsound(Path library, String what) {
        return new UmemException(
                ErrorKind.NATIVE,
                "native library " + library + " " + what + "; delete it and provision the libraries again");
    }
}
