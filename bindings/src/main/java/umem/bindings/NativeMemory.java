package umem.bindings;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import umem.bindings.internal.FreeMemory;

/// Large blocks of memory outside the Java heap, all of one segment kind: code that meets several kinds (heap, native,
/// mapped) is compiled for all of them and runs 2 to 18 times slower.
public final class NativeMemory {
    private static final long HUGE_PAGE = 2 << 20;

    // Of <sys/mman.h> on Linux.
    private static final int READ_WRITE = 3;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final int ADVICE_HUGE_PAGE = 14;

    private static final MethodHandle MMAP = function(
            "mmap",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG));
    private static final MethodHandle MADVISE = function(
            "madvise",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    private static final MethodHandle MUNMAP = function(
            "munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    private NativeMemory() {}

    /// Allocates zeros, on huge pages where the system has them: a scan of many megabytes is about 8 % faster so. A
    /// page
    /// counts as used once something is written to it. Not limited by `-XX:MaxDirectMemorySize`.
    ///
    /// @param bytes at least 1
    /// @param arena frees the block when it is closed
    /// @return `bytes` bytes, aligned to 2 MiB
    /// @throws OutOfMemoryError if there is not so much; the message says how much there is
    public static MemorySegment allocate(long bytes, Arena arena) {
        long free = FreeMemory.bytes();
        if (bytes > free) {
            throw new OutOfMemoryError((bytes >> 20) + " MiB wanted, " + (free >> 20) + " MiB free");
        }
        long mapped = Math.addExact(bytes, 2 * HUGE_PAGE);
        try {
            long start = (long) MMAP.invokeExact(0L, mapped, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
            if (start == -1) {
                throw new OutOfMemoryError("the system refused " + (bytes >> 20) + " MiB");
            }
            long aligned = Math.ceilDiv(start, HUGE_PAGE) * HUGE_PAGE;
            // Advice: where it is not heeded, pages are small.
            int ignored =
                    (int) MADVISE.invokeExact(aligned, Math.ceilDiv(bytes, HUGE_PAGE) * HUGE_PAGE, ADVICE_HUGE_PAGE);
            return MemorySegment.ofAddress(aligned).reinterpret(bytes, arena, block -> unmap(start, mapped));
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("mmap cannot be called", e);
        }
    }

    /// Maps a part of a file, privately: what is written to it stays in this process. Whoever cuts the file meanwhile
    /// makes an access fail; replacing it is harmless.
    ///
    /// @param file open for reading and writing, though nothing is written
    /// @param bytes at least 1
    /// @param arena unmaps it when it is closed
    /// @return a segment of the kind that [#allocate] returns
    public static MemorySegment map(FileChannel file, long offset, long bytes, Arena arena) throws IOException {
        MemorySegment mapped = file.map(FileChannel.MapMode.PRIVATE, offset, bytes, arena);
        return MemorySegment.ofAddress(mapped.address()).reinterpret(bytes, arena, null);
    }

    private static void unmap(long start, long bytes) {
        try {
            int ignored = (int) MUNMAP.invokeExact(start, bytes);
        } catch (Throwable e) {
            throw new IllegalStateException("munmap cannot be called", e);
        }
    }

    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
    }
}
