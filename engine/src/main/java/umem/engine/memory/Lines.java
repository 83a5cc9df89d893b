package umem.engine.memory;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/// Splits a stream at line feeds, as bytes, so that whatever is in a file has its lines counted right.
final class Lines {
    private final InputStream stream;
    private final byte[] buffer = new byte[1 << 16];
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private int from;
    private int to;
    private boolean terminated;

    /// @param stream is not closed here
    Lines(InputStream stream) {
        this.stream = stream;
    }

    /// Whether the last line ended in a line feed.
    boolean terminated() {
        return terminated;
    }

    /// The next line without its line feed, or null at the end.
    byte @Nullable [] next() throws IOException {
        line.reset();
        terminated = false;
        while (true) {
            if (from == to) {
                from = 0;
                to = Math.max(0, stream.read(buffer));
                if (to == 0) {
                    return line.size() == 0 ? null : line.toByteArray();
                }
            }
            int start = from;
            while (from < to && buffer[from] != '\n') {
                from++;
            }
            line.write(buffer, start, from - start);
            if (from < to) {
                from++;
                terminated = true;
                return line.toByteArray();
            }
        }
    }
}
