package umem.provision;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The lock file: everything that set-up fetches, with version, checksum, licence and sources.
///
/// @param schema the version of the file's form, 1
/// @param artifacts what is fetched and checked here
/// @param system what comes from the system's package client, which checks it by itself
record ArtifactLock(int schema, List<Artifact> artifacts, List<SystemPackages> system) {
    private static final String RESOURCE = "artifacts.lock.json";
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern FILE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+-]*");

    /// A path below the archive's root: no part of it begins with a dot.
    private static final Pattern ENTRY = Pattern.compile("[A-Za-z0-9_@][^/]*(?:/[^./][^/]*)*");

    /// Packages of the operating system that one native library is built from.
    record SystemPackages(String name, String version, String kind, String licence, List<String> packages) {}

    /// The lock file of this release.
    static ArtifactLock standard() {
        try (InputStream in = ArtifactLock.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new UmemException(ErrorKind.INTERNAL, "the jar lacks its " + RESOURCE + ": build it anew");
            }
            return parse(in, RESOURCE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Reads a lock file and checks that every field makes sense.
    ///
    /// @throws UmemException of kind INPUT naming the file and what is wrong
    static ArtifactLock parse(InputStream in, String name) {
        ArtifactLock lock;
        try {
            lock = JsonMapper.builder()
                    .enable(
                            DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
                            DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                            DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
                    .build()
                    .readValue(in, ArtifactLock.class);
        } catch (JacksonException e) {
            throw new UmemException(ErrorKind.INPUT, name + ": " + e.getOriginalMessage(), e);
        }
        lock.check(name);
        return lock;
    }

    /// The artifact of this name.
    Optional<Artifact> find(String name) {
        return artifacts.stream().filter(a -> a.name().equals(name)).findFirst();
    }

    private void check(String lockName) {
        require(schema == 1, lockName, "schema " + schema + " is unknown, this program reads schema 1");
        Set<String> names = new HashSet<>();
        for (Artifact artifact : artifacts) {
            String where = lockName + ", artifact " + artifact.name();
            require(names.add(artifact.name()), where, "is listed twice");
            require(!artifact.sources().isEmpty(), where, "has no source");
            require(SHA256.matcher(artifact.sha256()).matches(), where, "sha256 is not 64 hexadecimal digits");
            require(artifact.size() > 0, where, "size is not positive");
            require(FILE.matcher(artifact.file()).matches(), where, "file is not a plain name");
            for (Artifact.Content content : artifact.contents()) {
                require(FILE.matcher(content.file()).matches(), where, "content is not a plain name");
                require(
                        ENTRY.matcher(content.entry()).matches(),
                        where,
                        "entry " + content.entry() + " leaves the archive");
                require(content.size() > 0, where, "content " + content.file() + ": size is not positive");
                require(
                        SHA256.matcher(content.sha256()).matches(),
                        where,
                        "content " + content.file() + ": bad sha256");
            }
            for (Source source : artifact.sources()) {
                if (source instanceof Source.Parts parts) {
                    require(!parts.parts().isEmpty(), where, "has a source without parts");
                    long sum = parts.parts().stream().mapToLong(Part::size).sum();
                    require(sum == artifact.size(), where, "parts make " + sum + " bytes, not " + artifact.size());
                }
            }
        }
    }

    private static void require(boolean condition, String where, String problem) {
        if (!condition) {
            throw new UmemException(ErrorKind.INPUT, where + ": " + problem);
        }
    }
}
