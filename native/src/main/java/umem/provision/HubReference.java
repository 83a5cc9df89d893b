package umem.provision;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Files of the hub that no lock file knows. The hub tells their checksum before it sends them; that is written down at
/// first use, and from then on the reference means those bytes, offline too, until its record under `references` is
/// deleted.
final class HubReference {
    private static final Pattern FORM =
            Pattern.compile("hf:([\\w.-]+/[\\w.-]+)/((?:[\\w.+-][\\w. +-]*/)*[\\w+][\\w. +-]*)");

    private final ContentStore store;
    private final HubClient hub;
    private final boolean offline;

    HubReference(ContentStore store, HubClient hub, boolean offline) {
        this.store = store;
        this.hub = hub;
        this.offline = offline;
    }

    private record Pin(String reference, String sha256, long size) {}

    static Source.Hub parse(String reference) {
        Matcher matcher = FORM.matcher(reference);
        if (!matcher.matches() || reference.contains("..")) {
            throw new UmemException(
                    ErrorKind.MODEL, "\"" + reference + "\" is not of the form hf:owner/repository/file");
        }
        return new Source.Hub(matcher.group(1), matcher.group(2));
    }

    /// What the reference means: as recorded, else as the hub says now.
    Artifact resolve(Source.Hub source) {
        try {
            Path record = record(source);
            Pin pin = Files.exists(record) ? read(record) : ask(source, record);
            String file = source.file().substring(source.file().lastIndexOf('/') + 1);
            return new Artifact(
                    source.label(), "", "model", "unknown", file, pin.size(), pin.sha256(), List.of(source), List.of());
        } catch (IOException e) {
            throw Disk.storageFailure(source.label(), store.root(), e);
        }
    }

    private Path record(Source.Hub source) {
        MessageDigest digest = Checksum.sha256();
        digest.update(source.label().getBytes(StandardCharsets.UTF_8));
        return store.root().resolve("references").resolve(Checksum.hex(digest) + ".json");
    }

    private static Pin read(Path record) throws IOException {
        try (InputStream in = Files.newInputStream(record)) {
            return JsonMapper.shared().readValue(in, Pin.class);
        } catch (JacksonException e) {
            throw new IOException(record + " is damaged, delete it: " + e.getOriginalMessage(), e);
        }
    }

    private Pin ask(Source.Hub source, Path record) throws IOException {
        if (offline) {
            throw new UmemException(
                    ErrorKind.SETUP,
                    "offline, and " + source.label() + " is not in " + store.root()
                            + ": start once without --offline and UMEM_OFFLINE, or name a file");
        }
        try {
            HubClient.Description description = hub.describe(source);
            if (description.sha256() == null || description.size().isEmpty()) {
                throw new SourceUnavailable("the hub does not tell the file's checksum");
            }
            Pin pin = new Pin(
                    source.label(), description.sha256(), description.size().getAsLong());
            Files.createDirectories(record.getParent());
            Path temporary = Files.createTempFile(record.getParent(), ".new-", null);
            Files.write(temporary, JsonMapper.shared().writeValueAsBytes(pin));
            Files.move(temporary, record, StandardCopyOption.ATOMIC_MOVE);
            return pin;
        } catch (SourceUnavailable e) {
            throw new UmemException(
                    ErrorKind.SETUP,
                    "cannot fetch " + source.label() + ": " + e.getMessage()
                            + "; download the file by other means and name its path instead",
                    e);
        }
    }
}
