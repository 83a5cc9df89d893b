package umem.provision;

import java.io.IOException;
import java.nio.file.Path;

/// Writes a file (or a folder of files) that is made from others, for [Provision#derived].
@FunctionalInterface
public interface FileWriter {
    /// Writes the whole content.
    ///
    /// @param target a path that does not exist yet, in a folder that does; the writer makes a file or a folder there.
    ///     It is given its final name only after this method has returned
    /// @throws IOException when writing fails; what was written is thrown away
    void write(Path target) throws IOException;
}
