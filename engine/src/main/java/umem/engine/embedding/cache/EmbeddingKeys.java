package umem.engine.embedding.cache;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// Names what one encoder makes of a text: the SHA-256 of the encoder's fingerprint and the text, each with its length
/// before it. Texts are told apart by their UTF-8, which is what encoders read. Safe for all threads.
public final class EmbeddingKeys {
    /// Bytes of a key.
    public static final int BYTES = 32;

    /// Has taken in the fingerprint; cloned for every text, never changed.
    private final MessageDigest begun = sha256();

    /// @param fingerprint of the encoder
    public EmbeddingKeys(String fingerprint) {
        update(begun, fingerprint);
    }

    /// The key of a text.
    ///
    /// @return a new array of [#BYTES] bytes
    public byte[] of(String text) {
        try {
            MessageDigest digest = (MessageDigest) begun.clone();
            update(digest, text);
            return digest.digest();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError("Java's own SHA-256 can be cloned", e);
        }
    }

    private static void update(MessageDigest digest, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
        digest.update(bytes);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }
}
