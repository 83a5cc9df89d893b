package umem.engine.language;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Server-sent events: the payload of each, in order (HTML standard, section 9.2).
///
/// Lines are cut before they are decoded, so a character may be split over any number of network chunks. Comments and
/// the fields `event`, `id` and `retry` are passed over. One thread.
final class EventStream {
    private static final int LONGEST_LINE = 16 << 20;

    private final InputStream bytes;
    private boolean afterReturn;

    EventStream(InputStream bytes) {
        this.bytes = bytes;
    }

    /// The data of the next event, its lines joined by `\n`; null at the end. An event that the end cuts off is
    /// delivered as far as it came.
    ///
    /// @throws IOException if the connection fails, or a line is longer than 16 MiB
    @Nullable
    String next() throws IOException {
        StringBuilder data = null;
        for (String line = line(); line != null; line = line()) {
            if (line.isEmpty()) {
                if (data != null) {
                    return data.toString();
                }
            } else if (line.equals("data") || line.startsWith("data:")) {
                String value = line.length() <= 5 ? "" : line.substring(line.charAt(5) == ' ' ? 6 : 5);
                if (data == null) {
                    data = new StringBuilder(value);
                } else if (data.length() + value.length() < LONGEST_LINE) {
                    data.append('\n').append(value);
                } else {
                    throw new IOException("an event is too long");
                }
            }
        }
        return data == null ? null : data.toString();
    }

    /// A line ends with `\n`, `\r` or both.
    private @Nullable String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        while (true) {
            int b = bytes.read();
            if (b == '\n' && afterReturn) {
                afterReturn = false;
                continue;
            }
            afterReturn = b == '\r';
            if (b == '\n' || b == '\r') {
                return line.toString(StandardCharsets.UTF_8);
            }
            if (b < 0) {
                return line.size() == 0 ? null : line.toString(StandardCharsets.UTF_8);
            }
            if (line.size() == LONGEST_LINE) {
                throw new IOException("a line is too long");
            }
            line.write(b);
        }
    }
}
