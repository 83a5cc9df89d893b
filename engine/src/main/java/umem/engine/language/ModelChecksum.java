package umem.engine.language;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The SHA-256 of a model file. Gigabytes take seconds, so a file is read once in the life of the process, and not at
/// all where its folder is named by its checksum.
final class ModelChecksum {
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Map<State, String> KNOWN = new ConcurrentHashMap<>();

    private record State(Path file, long size, FileTime changed) {}

    private ModelChecksum() {}

    /// The checksum of a file, in lower-case hexadecimal.
    ///
    /// @throws UmemException of kind STORAGE if the file cannot be read
    static String of(Path file) {
        Path absolute = file.toAbsolutePath().normalize();
        Path folder = absolute.getParent();
        // The content store of umem.provision: sha256/HASH/FILE, placed there after the hash was checked.
        if (folder != null
                && folder.getParent() != null
                && folder.getParent().endsWith("sha256")
                && SHA256.matcher(String.valueOf(folder.getFileName())).matches()) {
            return String.valueOf(folder.getFileName());
        }
        try {
            State state = new State(absolute, Files.size(absolute), Files.getLastModifiedTime(absolute));
            String known = KNOWN.get(state);
            if (known == null) {
                known = read(absolute);
                KNOWN.put(state, known);
            }
            return known;
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, "model " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /// The checksum of a text in UTF-8, in lower-case hexadecimal.
    static String of(String text) {
        return HexFormat.of().formatHex(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String read(Path file) throws IOException {
        MessageDigest digest = sha256();
        byte[] buffer = new byte[1 << 20];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }
}
