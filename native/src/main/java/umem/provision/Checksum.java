package umem.provision;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.LongConsumer;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// SHA-256, as lower-case hexadecimal.
public final class Checksum {
    private Checksum() {}

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    /// The checksum of a whole file.
    ///
    /// @throws UmemException of kind STORAGE if it cannot be read
    public static String of(Path file) {
        try {
            return of(file, done -> {});
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /// The checksum of a whole file.
    ///
    /// @param done hears the number of bytes read so far, once a MiB
    static String of(Path file, LongConsumer done) throws IOException {
        MessageDigest digest = sha256();
        byte[] buffer = new byte[1 << 20];
        long total = 0;
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
                total += n;
                done.accept(total);
            }
        }
        return hex(digest);
    }
}
