package umem.engine.language;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/// How many threads compute without getting in each other's way. ggml's threads wait for each other in busy loops: one
/// more than there are cores makes all of them wait.
final class PhysicalCores {
    private static final Path CPUS = Path.of("/sys/devices/system/cpu");

    private PhysicalCores() {}

    /// Processors that this process may use, its control group's limit included, but no more than there are physical
    /// cores where the system tells.
    static int usable() {
        int processors = Runtime.getRuntime().availableProcessors();
        int cores = cores();
        return cores == 0 ? processors : Math.min(processors, cores);
    }

    /// Physical cores, or 0 where the system does not tell.
    private static int cores() {
        Set<String> cores = new HashSet<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(CPUS, "cpu[0-9]*")) {
            for (Path cpu : all) {
                Path siblings = cpu.resolve("topology/thread_siblings_list");
                if (Files.isReadable(siblings)) {
                    cores.add(Files.readString(siblings).strip());
                }
            }
        } catch (IOException e) {
            return 0;
        }
        return cores.size();
    }
}
