package umem.engine.embedding.cache;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import umem.engine.testing.HashedWords;

/// Embeds random texts with a cache until it is killed; checks every row, and says when it has begun.
final class AddingProcess {
    private AddingProcess() {}

    static Process start(Path folder, int seed) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        AddingProcess.class.getName(),
                        folder.toString(),
                        Integer.toString(seed))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    public static void main(String[] args) {
        Random random = new Random(Long.parseLong(args[1]));
        try (CachedEncoder encoder = EmbeddingCacheTest.cached(Path.of(args[0]), new HashedWords(), 1 << 20)) {
            while (true) {
                for (int i = 0; i < 10; i++) {
                    EmbeddingCacheTest.embed(encoder, List.of("text number " + random.nextInt(2000), "x", "y"));
                }
                System.out.println("adding");
            }
        }
    }
}
