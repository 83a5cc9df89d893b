package umem.engine.testing;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Path;

/// Data sets that lie beside the checkout and are not part of it.
public final class SharedData {
    private SharedData() {}

    /// A file of them; the test is skipped where it is absent.
    public static Path file(String path) {
        Path file = Path.of("../../shared/data").resolve(path);
        assumeThat(file).as("skipped: the data set is not beside the checkout").exists();
        return file;
    }
}
