package umem.provision;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/// Small artifacts to provision, the same ones in every process.
final class Samples {
    /// Nothing listens there.
    static final URI NO_HUB = URI.create("http://127.0.0.1:9");

    static final String MODEL = "small-model";
    static final Source.Hub HUB_FILE = new Source.Hub("owner/models", "small model.gguf");

    private static final int PART = 100_000;
    private static final int PARTS = 3;

    private Samples() {}

    static byte[] bytes(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static String sha256(byte[] bytes) {
        java.security.MessageDigest digest = Checksum.sha256();
        digest.update(bytes);
        return Checksum.hex(digest);
    }

    /// The bytes of the sample model.
    static byte[] model() {
        return bytes(1, PART * PARTS);
    }

    /// The sample model from these sources.
    static Artifact model(Source... sources) {
        return plain(MODEL, model(), sources);
    }

    /// The sample model in three wheels, which [#serve] makes.
    static Source.Parts modelParts() {
        return new Source.Parts(List.of(part(0), part(1), part(2)));
    }

    private static Part part(int i) {
        byte[] piece = java.util.Arrays.copyOfRange(model(), i * PART, (i + 1) * PART);
        return new Part("piece-" + i, "1.0", "data/piece", PART, sha256(piece));
    }

    /// Makes the wheels of [#modelParts] available.
    static void serve(ServedPackages packages) throws IOException {
        for (int i = 0; i < PARTS; i++) {
            byte[] piece = java.util.Arrays.copyOfRange(model(), i * PART, (i + 1) * PART);
            packages.put("piece-" + i, zip(Map.of("data/piece", piece)));
        }
    }

    static Artifact plain(String name, byte[] bytes, Source... sources) {
        return new Artifact(
                name, "1", "model", "MIT", name + ".gguf", bytes.length, sha256(bytes), List.of(sources), List.of());
    }

    /// An archive of which `contents` are kept.
    static Artifact archive(String file, byte[] bytes, List<Artifact.Content> contents, Source... sources) {
        return new Artifact(
                "archive", "1", "libraries", "MIT", file, bytes.length, sha256(bytes), List.of(sources), contents);
    }

    static Artifact.Content content(String entry, String file, byte[] bytes) {
        return new Artifact.Content(entry, file, bytes.length, sha256(bytes));
    }

    static byte[] zip(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
        return bytes.toByteArray();
    }

    static Provision provision(Path cache, Packages packages, Artifact... artifacts) {
        return provision(cache, packages, NO_HUB, null, new Disk(), Progress.silent(), artifacts);
    }

    static Provision provision(
            Path cache,
            Packages packages,
            URI hub,
            @Nullable String token,
            Disk disk,
            Progress progress,
            Artifact... artifacts) {
        return new Provision(
                new Provision.Settings(cache, false, hub, token, disk, packages, new CudaMachine(false, false), false),
                new ArtifactLock(1, List.of(artifacts), List.of()),
                progress);
    }
}
