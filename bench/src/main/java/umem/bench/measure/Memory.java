package umem.bench.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// How much there is, so that a benchmark that can't fit says so before it begins.
public final class Memory {
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    private Memory() {}

    /// Bytes outside the Java heap that can be taken without swapping.
    public static long available() {
        try (Stream<String> lines = Files.lines(MEMINFO)) {
            return lines.filter(line -> line.startsWith("MemAvailable:"))
                    .map(line -> line.replaceAll("[^0-9]", ""))
                    .mapToLong(number -> Long.parseLong(number) * 1024)
                    .findFirst()
                    .orElse(Long.MAX_VALUE);
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }

    /// Bytes that the Java heap can still take.
    public static long heap() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
    }

    /// Refuses what does not fit.
    ///
    /// @param what for the message
    /// @param nativeBytes outside the heap
    /// @param heapBytes on the heap
    /// @throws UmemException of kind USAGE that says how much is needed
    public static void require(String what, long nativeBytes, long heapBytes) {
        if (nativeBytes > available()) {
            throw new UmemException(
                    ErrorKind.USAGE,
                    String.format(
                            Locale.ROOT,
                            "%s needs %s of memory, %s are free; use fewer rows",
                            what,
                            gib(nativeBytes),
                            gib(available())));
        }
        if (heapBytes > heap()) {
            throw new UmemException(
                    ErrorKind.USAGE,
                    String.format(
                            Locale.ROOT,
                            "%s needs %s of Java heap, %s are free; give more with UMEM_JAVA_OPTS=-Xmx%dg",
                            what,
                            gib(heapBytes),
                            gib(heap()),
                            (heapBytes >> 30) + 2));
        }
    }

    private static String gib(long bytes) {
        return String.format(Locale.ROOT, "%.1f GiB", bytes / 0x1p30);
    }
}
