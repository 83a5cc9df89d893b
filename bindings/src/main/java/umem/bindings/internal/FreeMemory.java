package umem.bindings.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// How much memory this process may still take: the less of what the system has and what its control group allows.
///
/// Native allocation does not fail politely. Linux overcommits and then kills, so need is compared with supply
/// beforehand.
public final class FreeMemory {
    private static final Path CGROUP = Path.of("/sys/fs/cgroup");

    private FreeMemory() {}

    /// @throws UmemException of kind MODEL if fewer than `bytes` are free
    public static void require(long bytes, String what) {
        long free = bytes();
        if (bytes > free) {
            throw new UmemException(
                    ErrorKind.MODEL,
                    String.format(
                            Locale.ROOT,
                            "not enough memory: %s take %.1f GiB, %.1f GiB are free; use a smaller model or context, or free memory",
                            what,
                            bytes / 0x1p30,
                            free / 0x1p30));
        }
    }

    /// Bytes that are free, [Long#MAX_VALUE] where the system does not say.
    public static long bytes() {
        long free = Long.MAX_VALUE;
        try {
            for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (line.startsWith("MemAvailable:")) {
                    free = Long.parseLong(line.replaceAll("\\D", "")) * 1024;
                }
            }
            Path limit = CGROUP.resolve("memory.max");
            if (Files.exists(limit)) {
                String max = Files.readString(limit).strip();
                if (!max.equals("max")) {
                    long used = Long.parseLong(
                            Files.readString(CGROUP.resolve("memory.current")).strip());
                    free = Math.min(free, Long.parseLong(max) - used + reclaimable());
                }
            }
        } catch (IOException | NumberFormatException e) {
            return free;
        }
        return free;
    }

    /// File pages that the kernel drops when a program needs the room.
    private static long reclaimable() throws IOException {
        for (String line : Files.readAllLines(CGROUP.resolve("memory.stat"))) {
            if (line.startsWith("inactive_file ")) {
                return Long.parseLong(line.substring("inactive_file ".length()).strip());
            }
        }
        return 0;
    }
}
