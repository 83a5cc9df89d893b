package umem.engine.language;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/// Turns the bytes of tokens into text as they come. A token may end in the middle of a character; its bytes are held
/// back until the rest arrives. Bytes that are no UTF-8 become U+FFFD.
///
/// For one thread at a time.
final class Utf8Text {
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final StringBuilder text = new StringBuilder();
    private ByteBuffer bytes = ByteBuffer.allocate(64);
    private CharBuffer chars = CharBuffer.allocate(64);

    /// Adds the bytes of a token.
    ///
    /// @return the characters that became whole with it, possibly none
    String add(byte[] piece) {
        if (bytes.remaining() < piece.length) {
            int size = Math.max(2 * bytes.capacity(), bytes.position() + piece.length);
            bytes = ByteBuffer.allocate(size).put(bytes.flip());
            chars = CharBuffer.allocate(size);
        }
        bytes.put(piece);
        bytes.flip();
        decoder.decode(bytes, chars, false);
        bytes.compact();
        return drain();
    }

    /// Ends the text: what is still held back can no longer become whole.
    ///
    /// @return U+FFFD for held back bytes, or nothing
    String end() {
        bytes.flip();
        decoder.decode(bytes, chars, true);
        decoder.flush(chars);
        return drain();
    }

    /// All text so far.
    String text() {
        return text.toString();
    }

    private String drain() {
        if (chars.position() == 0) {
            return "";
        }
        String whole = chars.flip().toString();
        chars.clear();
        text.append(whole);
        return whole;
    }
}
