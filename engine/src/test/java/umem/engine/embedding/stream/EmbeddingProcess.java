package umem.engine.embedding.stream;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import umem.engine.testing.HashedWords;

/// Embeds a file, taking its time, and goes on with what it finds.
final class EmbeddingProcess {
    private EmbeddingProcess() {}

    static Process start(Path input, Path target) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        EmbeddingProcess.class.getName(),
                        input.toString(),
                        target.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    public static void main(String[] args) {
        HashedWords encoder = new HashedWords(8);
        try (TextLines lines = TextLines.open(Path.of(args[0]));
                RowFile file = RowFile.resume(Path.of(args[1]), encoder, lines)) {
            System.out.println("embedding");
            // Some three seconds for the whole file.
            new EmbeddingStream(encoder, () -> false, done -> LockSupport.parkNanos(30_000_000)).run(lines, file);
            file.finish();
        }
    }
}
