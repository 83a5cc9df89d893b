package umem.engine.embedding.stream;

import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Texts, one after the other. One thread at a time.
public interface TextSource {
    /// The next text, or null after the last one.
    ///
    /// @throws umem.error.UmemException of kind INPUT if what comes next is no text, STORAGE if it cannot be read
    @Nullable
    String next();

    /// Whether [#next()] would probably not have to wait for somebody to write more.
    boolean ready();

    /// The texts of a list.
    static TextSource of(List<String> texts) {
        Iterator<String> rest = texts.iterator();
        return new TextSource() {
            @Override
            public @Nullable String next() {
                return rest.hasNext() ? rest.next() : null;
            }

            @Override
            public boolean ready() {
                return true;
            }
        };
    }
}
