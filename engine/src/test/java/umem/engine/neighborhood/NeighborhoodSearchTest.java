package umem.engine.neighborhood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.search.FlatIndex;
import umem.engine.search.VectorIndex;
import umem.engine.task.Task;
import umem.engine.testing.Seed;
import umem.error.ErrorKind;
import umem.error.UmemException;

class NeighborhoodSearchTest {
    @TempDir
    private Path folder;

    private NeighborhoodSearch.Result search(Corpus corpus, NeighborhoodSearch.Options options) throws IOException {
        try (TaskVectors vectors = corpus.vectors(folder);
                VectorIndex index = new FlatIndex(vectors.dimension())) {
            List<Integer> progress = new ArrayList<>();
            NeighborhoodSearch.Result result =
                    NeighborhoodSearch.run(corpus.tasks(), vectors, index, options, progress::add);
            assertThat(progress).isSorted();
            assertThat(progress.getLast()).isEqualTo(corpus.tasks().size());
            return result;
        }
    }

    private void assertIsTheDefinition(Corpus corpus, NeighborhoodSearch.Options options) throws IOException {
        NeighborhoodSearch.Result result = search(corpus, options);
        Corpus.Reference reference = corpus.reference(options.n(), options.minSimilarity(), options.maxSimilarity());
        for (String id : result.neighborhoods().taskIds()) {
            assertThat(result.neighborhoods().of(id))
                    .as("%s of %d tasks, %s", id, corpus.tasks().size(), options)
                    .isEqualTo(reference.byTask().get(id));
        }
        assertThat(result.neighborhoods()).isEqualTo(new Neighborhoods(reference.byTask()));
        assertThat(result.exclusions().nearDuplicate()).isEqualTo(reference.nearDuplicates());
    }

    @Test
    void isTheBruteForceSearchInFloat64() throws Exception {
        Seed.run(random -> {
            for (int round = 0; round < 20; round++) {
                Corpus corpus = Corpus.clustered(
                        random, 1 + random.nextInt(500), 1 + random.nextInt(70), random.nextDouble() * 0.4);
                double most = random.nextInt(3) == 0 ? 1 : 0.5 + 0.5 * random.nextDouble();
                double least = random.nextInt(3) == 0 ? most - 0.3 * random.nextDouble() - 1e-6 : -1;
                assertIsTheDefinition(
                        corpus,
                        new NeighborhoodSearch.Options(
                                1 + random.nextInt(random.nextInt(5) == 0 ? 100 : 6),
                                least,
                                most,
                                1 + random.nextInt(3)));
            }
        });
    }

    /// Here the order in float32 is chance: only a search that knows how far rounding goes finds the right ones.
    @Test
    void roundingOfTheIndexDoesNotDecide() throws Exception {
        Seed.run(random -> {
            for (int dimension : new int[] {3, 64, 384}) {
                Corpus corpus = Corpus.ring(random, 300, dimension);
                assertIsTheDefinition(corpus, new NeighborhoodSearch.Options(3, -1, 1, 2));
                assertIsTheDefinition(corpus, new NeighborhoodSearch.Options(3, Math.cos(1), 0.9, 2));
            }
        });
    }

    /// A template fills the first ranks with near-duplicates; the neighbours lie beyond all of them.
    @Test
    void looksBehindALargeCrowdOfNearDuplicates() throws IOException {
        Random random = new Random(7);
        Corpus crowd = Corpus.clustered(random, 340, 32, 0);
        float[] centre = crowd.rows()[0];
        for (int row = 0; row < 250; row++) {
            float[] noise = Corpus.gaussian(random, 32);
            for (int j = 0; j < 32; j++) {
                crowd.rows()[row][j] = centre[j] + 0.01f * noise[j];
            }
            Corpus.normalize(crowd.rows()[row]);
        }
        assertIsTheDefinition(crowd, new NeighborhoodSearch.Options(3, -1, 0.98, 2));
        assertThat(crowd.reference(3, -1, 0.98).nearDuplicates()).isGreaterThanOrEqualTo(250 * 249);
    }

    @Test
    void countsWhatItKeepsOutByItsCause() throws IOException {
        List<Task> tasks = List.of(
                Corpus.task("a", "What is 2 + 2?", "3", "4"),
                Corpus.task("b", "What is 2 + 2?", "3", "4"),
                Corpus.task("c", "what is  2+2", "4.", "3"),
                Corpus.task("d", "What is 2 - 2?", "3", "4"),
                Corpus.task("a", "What is 2 + 2?", "3", "4"),
                Corpus.task("e", "Who was it?", "he", "she"));
        float[] row = {1, 0};
        Corpus corpus = new Corpus(tasks, new float[][] {row, row, row, {0.999f, 0.0447f}, row, {0, 1}});
        NeighborhoodSearch.Result result = search(corpus, new NeighborhoodSearch.Options(2, -1, 0.98, 1));
        // {a, a}: 2 pairs; {a, b, a} less these: 4; {a, b, a, c} less those: 6; d with the first a, and 4 rows with d.
        assertThat(result.exclusions()).isEqualTo(new Exclusions(2, 4, 6, 5));
        assertThat(result.exclusions().total()).isEqualTo(17);
        assertThat(result.candidates()).isEqualTo(3);
        assertThat(result.neighborhoods().taskIds()).containsExactly("a", "b", "c", "d", "e");
        for (String id : List.of("a", "b", "c", "d")) {
            assertThat(result.neighborhoods().of(id)).extracting(Neighbor::id).containsExactly("e");
        }
        assertThat(result.neighborhoods().of("e")).extracting(Neighbor::id).containsExactly("d", "a");
        assertThat(search(corpus, new NeighborhoodSearch.Options(2, -1, 1, 1))
                        .neighborhoods()
                        .of("b"))
                .extracting(Neighbor::id)
                .containsExactly("d", "e");
    }

    @Test
    void threadsChangeNothing() throws IOException {
        Corpus corpus = Corpus.clustered(new Random(3), 1500, 24, 0.1);
        NeighborhoodSearch.Result one = search(corpus, new NeighborhoodSearch.Options(3, -1, 0.98, 1));
        NeighborhoodSearch.Result four = search(corpus, new NeighborhoodSearch.Options(3, -1, 0.98, 4));
        assertThat(four).isEqualTo(one);
        assertThat(four.neighborhoods().taskIds()).isEqualTo(one.neighborhoods().taskIds());
    }

    @Test
    void aTaskAloneHasNoNeighbours() throws IOException {
        Corpus alone = new Corpus(List.of(Corpus.task("a", "Why?")), new float[][] {{1}});
        assertThat(search(alone, new NeighborhoodSearch.Options(5, -1, 1, 2))
                        .neighborhoods()
                        .of("a"))
                .isEmpty();
    }

    @Test
    void refusesWhatDoesNotFitTogether() throws IOException {
        Corpus corpus =
                new Corpus(List.of(Corpus.task("a", "Why?"), Corpus.task("a", "How?")), new float[][] {{1, 0}, {0, 1}});
        assertThatThrownBy(() -> search(corpus, new NeighborhoodSearch.Options(3, -1, 1, 1)))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                .hasMessageContaining("the id \"a\" stands for two different tasks, numbers 1 and 2");
        try (TaskVectors vectors = corpus.vectors(folder);
                VectorIndex wrong = new FlatIndex(3);
                VectorIndex full = new FlatIndex(2)) {
            full.add(0, new float[] {1, 0});
            NeighborhoodSearch.Options options = new NeighborhoodSearch.Options(3, -1, 1, 1);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> NeighborhoodSearch.run(corpus.tasks(), vectors, wrong, options, i -> {}));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> NeighborhoodSearch.run(corpus.tasks(), vectors, full, options, i -> {}));
            assertThatIllegalArgumentException()
                    .isThrownBy(() ->
                            NeighborhoodSearch.run(corpus.tasks().subList(0, 1), vectors, wrong, options, i -> {}));
        }
        for (double[] band : new double[][] {{-2, 1}, {0.5, 0.5}, {0, 1.1}, {Double.NaN, 1}, {0, Double.NaN}}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new NeighborhoodSearch.Options(3, band[0], band[1], 1));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new NeighborhoodSearch.Options(0, -1, 1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new NeighborhoodSearch.Options(1001, -1, 1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new NeighborhoodSearch.Options(3, -1, 1, 0));
    }

    /// What a thread runs into reaches the caller, and the others end.
    @Test
    void aFailureInOneThreadIsTheFailureOfTheSearch() {
        assertThatThrownBy(() -> Blocks.run(
                        "test",
                        1 << 20,
                        1,
                        3,
                        (first, count) -> {
                            if (first == 1000) {
                                throw new UmemException(ErrorKind.NATIVE, "block " + first);
                            }
                        },
                        done -> assertThat(done).isLessThan(1 << 20)))
                .isInstanceOf(UmemException.class)
                .hasMessage("block 1000");
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> Blocks.run("test", 1 << 20, 1, 2, (first, count) -> {}, done -> {}))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INTERRUPTED));
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void normalisedTextsAreComparedWithoutWhatDoesNotCount() {
        assertThat(TaskTexts.normalized(" Who  said \u201Cno\u201D \u2013 he\u2019d\u00A0know ?! "))
                .isEqualTo(TaskTexts.normalized("who said \"no\"-he'd know"));
        assertThat(TaskTexts.normalized("What is x\u00B2 + 1?")).isNotEqualTo(TaskTexts.normalized("What is x2 + 1?"));
        assertThat(TaskTexts.normalized("x + 1")).isNotEqualTo(TaskTexts.normalized("x - 1"));
        assertThat(TaskTexts.normalized("?")).isNotEqualTo(TaskTexts.normalized("!"));
        assertThat(TaskTexts.normalized("e\u0301")).isEqualTo(TaskTexts.normalized("\u00E9"));
    }
}
