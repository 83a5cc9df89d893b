package umem.engine.neighborhood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.search.FlatIndex;
import umem.engine.search.VectorIndex;
import umem.engine.task.Task;
import umem.engine.testing.Seed;

class LemmaCheckTest {
    private static final int TOP_K = 3;

    @TempDir
    private Path folder;

    private LemmaCheck check(Corpus corpus, int n, double most, int sample) throws IOException {
        try (TaskVectors vectors = corpus.vectors(folder);
                VectorIndex index = new FlatIndex(vectors.dimension())) {
            Neighborhoods neighborhoods = NeighborhoodSearch.run(
                            corpus.tasks(), vectors, index, new NeighborhoodSearch.Options(n, -1, most, 2), done -> {})
                    .neighborhoods();
            return LemmaCheck.run(corpus.tasks(), vectors, index, neighborhoods, TOP_K, sample, 2, done -> {});
        }
    }

    @Test
    void isTheLemmaOverAllKeys() throws Exception {
        Seed.run(random -> {
            for (int round = 0; round < 10; round++) {
                // Without repeats, so that every task is a key, and without keys that only rounding tells apart.
                Corpus corpus = Corpus.clustered(random, 2 + random.nextInt(150), 8 + random.nextInt(40), 0, 0.1);
                int n = 1 + random.nextInt(4);
                double most = random.nextBoolean() ? 1 : 0.98;
                LemmaCheck check = check(corpus, n, most, Integer.MAX_VALUE);

                List<Task> tasks = corpus.tasks();
                float[][] rows = corpus.rows();
                Corpus.Reference reference = corpus.reference(n, -1, most);
                double violation = 0;
                double tightness = 0;
                double overlap = 0;
                long pairs = 0;
                for (int q = 0; q < rows.length; q++) {
                    for (Neighbor neighbor :
                            reference.byTask().getOrDefault(tasks.get(q).id(), List.of())) {
                        int other = Integer.parseInt(neighbor.id().substring(1));
                        double squares = 0;
                        for (int j = 0; j < rows[q].length; j++) {
                            squares += Math.pow((double) rows[q][j] - rows[other][j], 2);
                        }
                        double largest = 0;
                        for (float[] key : rows) {
                            largest = Math.max(
                                    largest, Math.abs(Corpus.dot(rows[q], key) - Corpus.dot(rows[other], key)));
                        }
                        violation = Math.max(violation, largest - Math.sqrt(squares));
                        tightness = squares > 0 ? Math.max(tightness, largest / Math.sqrt(squares)) : tightness;
                        overlap += overlap(rows, q, other);
                        pairs++;
                    }
                }
                assertThat(check.pairs()).isEqualTo(pairs);
                assertThat(check.maxViolation()).isEqualTo(violation, within(1e-9));
                assertThat(check.maxViolation()).isLessThan(1e-6);
                assertThat(check.identityError()).isLessThan(1e-6);
                assertThat(check.tightness()).isEqualTo(tightness, within(1e-5));
                // Two keys may still be closer than float32 can tell, rarely.
                assertThat(check.overlap()).isEqualTo(pairs == 0 ? Double.NaN : overlap / pairs, within(0.01));
            }
        });
    }

    /// The share of the three best keys, q and q' left out, that both find.
    private static double overlap(float[][] rows, int q, int other) {
        List<Integer> ours = top(rows, q, other, q);
        List<Integer> theirs = top(rows, q, other, other);
        List<Integer> common = new ArrayList<>(ours);
        common.retainAll(theirs);
        return ours.isEmpty() ? 0 : (double) common.size() / ours.size();
    }

    private static List<Integer> top(float[][] rows, int q, int other, int of) {
        return IntStream.range(0, rows.length)
                .filter(row -> row != q && row != other)
                .boxed()
                .sorted(Comparator.comparingDouble(row -> -Corpus.dot(rows[of], rows[row])))
                .limit(TOP_K)
                .toList();
    }

    /// Keys that are a little too long break the lemma by as much; the check has to see it.
    @Test
    void seesAViolation() throws IOException {
        float[] one = {1, 0, 0};
        float[] two = {0, 1, 0};
        float[] key = {(float) Math.sqrt(0.5) * 1.0008f, (float) -Math.sqrt(0.5) * 1.0008f, 0};
        Corpus corpus = new Corpus(
                List.of(Corpus.task("a", "a"), Corpus.task("b", "b"), Corpus.task("c", "c")),
                new float[][] {one, two, key});
        LemmaCheck check = check(corpus, 2, 1, 3);
        assertThat(check.maxViolation()).isEqualTo(0.0008 * Math.sqrt(2), within(1e-6));
        assertThat(check.tightness()).isEqualTo(1.0008, within(1e-6));
        // ||a - c||^2 = 1 + 1.0008^2 - 2 a.c
        assertThat(check.identityError()).isEqualTo(1.0008 * 1.0008 - 1, within(1e-6));
    }

    @Test
    void looksAtASampleSpreadOverTheFile() throws Exception {
        Seed.run(random -> {
            Corpus corpus = Corpus.clustered(random, 400, 16, 0.2);
            LemmaCheck check = check(corpus, 3, 1, 50);
            assertThat(check.pairs()).isEqualTo(150);
            assertThat(check.maxViolation()).isLessThan(1e-6);
            assertThat(check.overlap()).isGreaterThan(check.randomOverlap());
        });
        assertThat(check(new Corpus(List.of(Corpus.task("a", "a")), new float[][] {{1}}), 3, 1, 5))
                .isEqualTo(new LemmaCheck(0, 0, 0, 0, Double.NaN, Double.NaN));
    }
}
