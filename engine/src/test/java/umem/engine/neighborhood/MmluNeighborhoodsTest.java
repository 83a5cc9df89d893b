package umem.engine.neighborhood;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.bindings.llama.LlamaLibrary;
import umem.engine.Encoders;
import umem.engine.embedding.Encoder;
import umem.engine.search.FlatIndex;
import umem.engine.search.VectorIndex;
import umem.engine.task.Task;
import umem.engine.task.TaskReader;
import umem.engine.testing.SharedData;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

/// MMLU questions with the real encoder: the neighbours are those of a brute-force search in float64, and Lemma 3.1
/// holds.
///
/// A sample by default. `-Dtests.mmlu=9408` takes all questions, which the encoder needs minutes for,
/// `-Dtests.mmlu.threads=2` gives it both cores, and `-Dtests.mmlu.vectors=FILE` keeps the embeddings of that run in a
/// file, or takes them from there.
class MmluNeighborhoodsTest {
    /// More would wait for each other by spinning where other tests run beside this one.
    private static final int THREADS = Integer.getInteger("tests.mmlu.threads", 1);
    private static final int SAMPLE = Integer.getInteger("tests.mmlu", 300);
    private static final NeighborhoodSearch.Options OPTIONS =
            new NeighborhoodSearch.Options(3, -1, NeighborhoodSearch.NEAR_DUPLICATE, 2);

    @TempDir
    private Path folder;

    private static List<Task> sample() {
        List<Task> all = TaskReader.read(SharedData.file("mmlu/test_subjects_a-m.jsonl"));
        int count = Math.min(SAMPLE, all.size());
        // Stretches of 10, so that repeats and templates, which stand together, are in it.
        List<Task> some = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            some.add(all.get((int) (i / 10 * 10L * all.size() / count) + i % 10));
        }
        return some.stream().distinct().toList();
    }

    private TaskVectors vectors(List<Task> tasks) throws IOException {
        String kept = System.getProperty("tests.mmlu.vectors");
        Path file = kept == null ? folder.resolve("mmlu.f32") : Path.of(kept);
        if (!Files.exists(file)) {
            Provision provision = Provision.standard(Progress.silent());
            LlamaLibrary library = LlamaLibrary.load(provision.libraries(Accelerator.CPU));
            try (Encoder encoder = Encoders.open(provision, library, Encoders.STANDARD, THREADS);
                    TaskVectors encoded = TaskVectors.encode(tasks, encoder, done -> {})) {
                Files.write(file, Corpus.bytes(rows(encoded)));
            }
        }
        return TaskVectors.read(file, tasks.size());
    }

    private static float[][] rows(TaskVectors vectors) {
        return IntStream.range(0, vectors.rows())
                .mapToObj(row -> vectors.slice(row, 1).toArray(java.lang.foreign.ValueLayout.JAVA_FLOAT))
                .toArray(float[][]::new);
    }

    @Test
    void neighboursAreThoseOfABruteForceSearchInFloat64() throws IOException {
        List<Task> tasks = sample();
        try (TaskVectors vectors = vectors(tasks);
                VectorIndex index = new FlatIndex(vectors.dimension())) {
            NeighborhoodSearch.Result result = NeighborhoodSearch.run(tasks, vectors, index, OPTIONS, done -> {});
            Corpus.Reference reference = new Corpus(tasks, rows(vectors))
                    .reference(OPTIONS.n(), OPTIONS.minSimilarity(), OPTIONS.maxSimilarity());
            for (Task task : tasks) {
                assertThat(result.neighborhoods().of(task.id()))
                        .as(task.id())
                        .isEqualTo(reference.byTask().get(task.id()));
            }
            assertThat(result.exclusions().nearDuplicate()).isEqualTo(reference.nearDuplicates());
            if (tasks.size() == 9408) {
                // 23 texts occur more than once in their subject with choices and answer, some only reordered.
                assertThat(result.exclusions().exactText()).isGreaterThanOrEqualTo(2 * 23);
            }

            LemmaCheck lemma = LemmaCheck.run(tasks, vectors, index, result.neighborhoods(), 3, 10_000, 2, done -> {});
            assertThat(lemma.maxViolation()).isLessThan(1e-6);
            assertThat(lemma.identityError()).isLessThan(1e-6);
            assertThat(lemma.tightness()).isBetween(0.3, 1.0);
            assertThat(lemma.overlap()).isGreaterThan(0.1).isGreaterThan(10 * lemma.randomOverlap());
            System.out.println("MMLU, " + tasks.size() + " questions: " + result.exclusions() + ", " + lemma);
        }
    }
}
