package umem.provision;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;

/// Package clients whose registry is a folder. Each call is written down there, so that the calls of several processes
/// can be counted.
final class ServedPackages implements Packages {
    private final Path folder;
    private volatile long delayMillis;

    ServedPackages(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
    }

    ServedPackages slow(long millis) {
        delayMillis = millis;
        return this;
    }

    void put(String name, byte[] bytes) throws IOException {
        Files.write(folder.resolve(name), bytes);
    }

    void remove(String name) throws IOException {
        Files.delete(folder.resolve(name));
    }

    /// Names that were asked for since the last call of this method.
    List<String> calls() throws IOException {
        Path log = folder.resolve("calls");
        if (!Files.exists(log)) {
            return List.of();
        }
        List<String> calls = Files.readAllLines(log);
        Files.delete(log);
        return calls;
    }

    @Override
    public Path wheel(String name, String version, Path target, LongConsumer fetched)
            throws IOException, SourceUnavailable {
        return fetch(name, target.resolve(name + ".whl"), fetched);
    }

    @Override
    public Path npm(String name, String version, Path target, LongConsumer fetched)
            throws IOException, SourceUnavailable {
        return fetch(name, target.resolve(name + ".tgz"), fetched);
    }

    @Override
    public Path archive(Source.Debian source, Path target, LongConsumer fetched) throws IOException, SourceUnavailable {
        return fetch(source.file(), target.resolve(source.file()), fetched);
    }

    @Override
    public Path jar(Source.Maven jar, Path target, LongConsumer fetched) throws IOException, SourceUnavailable {
        return fetch(jar.artifact(), target.resolve(jar.artifact() + ".jar"), fetched);
    }

    private Path fetch(String name, Path file, LongConsumer fetched) throws IOException, SourceUnavailable {
        Files.writeString(folder.resolve("calls"), name + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        if (!Files.exists(folder.resolve(name))) {
            throw new SourceUnavailable("no package " + name);
        }
        if (delayMillis > 0) {
            LockSupport.parkNanos(delayMillis * 1_000_000);
        }
        Files.copy(folder.resolve(name), file);
        fetched.accept(Files.size(file));
        return file;
    }
}
