package umem.provision;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/// [Packages] by pip, npm, Maven and apt.
final class PackageClients implements Packages {
    private static final Duration SILENCE = Duration.ofMinutes(5);

    private final SystemTools tools;

    PackageClients(SystemTools tools) {
        this.tools = tools;
    }

    @Override
    public Path wheel(String name, String version, Path folder, LongConsumer fetched)
            throws IOException, SourceUnavailable {
        // Wheels are hundreds of megabytes which pip would keep a second time in its own cache.
        return download(
                new Command(List.of(
                                tools.require(SystemTools.Need.PIP).toString(),
                                "download",
                                "--quiet",
                                "--disable-pip-version-check",
                                "--no-input",
                                "--no-cache-dir",
                                "--no-deps",
                                "--ignore-requires-python",
                                "--only-binary=:all:",
                                "--dest",
                                folder.toString(),
                                name + "==" + version))
                        .with("TMPDIR", folder.toString()),
                folder,
                ".whl",
                fetched);
    }

    @Override
    public Path npm(String name, String version, Path folder, LongConsumer fetched)
            throws IOException, SourceUnavailable {
        return download(
                new Command(List.of(
                        tools.require(SystemTools.Need.NPM).toString(),
                        "pack",
                        "--silent",
                        "--ignore-scripts",
                        "--cache",
                        folder.resolve("npm").toString(),
                        "--pack-destination",
                        folder.toString(),
                        name + "@" + version)),
                folder,
                ".tgz",
                fetched);
    }

    @Override
    public Path jar(Source.Maven jar, Path folder, LongConsumer fetched) throws IOException, SourceUnavailable {
        return download(
                new Command(List.of(
                        tools.require(SystemTools.Need.MAVEN).toString(),
                        "--batch-mode",
                        "--quiet",
                        "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy",
                        "-Dartifact=" + jar.coordinates() + ":jar",
                        "-DoutputDirectory=" + folder)),
                folder,
                ".jar",
                fetched);
    }

    @Override
    public Path archive(Source.Debian source, Path folder, LongConsumer fetched) throws IOException, SourceUnavailable {
        Optional<Path> apt = tools.find(SystemTools.Need.APT);
        Optional<Path> helper = tools.find(SystemTools.Need.APT_HELPER);
        if (apt.isEmpty() || helper.isEmpty()) {
            throw new SourceUnavailable("it takes apt, the package client of Debian and its descendants");
        }
        Command.Outcome located =
                new Command(List.of(apt.get().toString(), "download", "--print-uris", source.binary())).run(folder);
        // 'ADDRESS' FILE SIZE CHECKSUM
        String address = located.lines().stream()
                .filter(line -> line.startsWith("'") && line.lastIndexOf("' ") > 0)
                .map(line -> line.substring(1, line.lastIndexOf("' ")))
                .findFirst()
                .orElseThrow(() -> new SourceUnavailable("apt knows no package " + source.binary()
                        + " (run `apt-get update` as root): " + located.reason()));
        return download(
                new Command(List.of(
                        helper.get().toString(),
                        "download-file",
                        address.substring(0, address.lastIndexOf('/') + 1) + source.file(),
                        folder.resolve(source.file()).toString())),
                folder,
                source.file(),
                fetched);
    }

    private static Path download(Command command, Path folder, String suffix, LongConsumer fetched)
            throws IOException, SourceUnavailable {
        Command.Outcome outcome = command.watched(
                        () -> {
                            long size = Disk.sizeOf(folder);
                            fetched.accept(size);
                            return size;
                        },
                        SILENCE)
                .run(folder);
        if (!outcome.succeeded()) {
            throw new SourceUnavailable(outcome.reason());
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> f.getFileName().toString().endsWith(suffix))
                    .findFirst()
                    .orElseThrow(() -> new SourceUnavailable("the client reported success and left no " + suffix));
        }
    }
}
