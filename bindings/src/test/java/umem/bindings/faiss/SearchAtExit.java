package umem.bindings.faiss;

import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CountDownLatch;

/// A process that ends while its daemon threads search in batches large enough for OpenBLAS.
final class SearchAtExit {
    private SearchAtExit() {}

    public static void main(String[] arguments) throws InterruptedException {
        FaissLibrary library = FaissLibrary.load(Path.of(arguments[0]));
        FaissIndex index = FaissIndex.flat(library, 64);
        Random random = new Random(5);
        index.add(Faiss.rows(random, 5000, 64), Faiss.ids(0, 5000));
        float[] queries = Faiss.rows(random, 64, 64);
        CountDownLatch searched = new CountDownLatch(4);
        for (int i = 0; i < 4; i++) {
            Thread.ofPlatform().daemon().start(() -> {
                index.search(queries, 10);
                searched.countDown();
                while (true) {
                    index.search(queries, 10);
                }
            });
        }
        searched.await();
        System.out.println("searching");
        System.exit(0);
    }
}
