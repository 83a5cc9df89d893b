package umem.engine.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import umem.bindings.kernels.InstructionSet;
import umem.bindings.kernels.KernelLibrary;
import umem.engine.Encoders;
import umem.engine.testing.Seed;

class BertEncoderTest extends EncoderContract {
    @Override
    Encoder open(Path gguf) {
        return BertEncoder.open(library, kernels().kernels(), gguf, 2);
    }

    private KernelLibrary kernels() {
        return KernelLibrary.load(provision.kernels());
    }

    @Test
    void agreesWithLlamaCpp() {
        List<float[]> rows = encodeAll(encoder, TEXTS);
        try (Encoder llama = LlamaEncoder.open(library, Encoders.file(provision, Encoders.STANDARD), 1)) {
            for (int i = 0; i < TEXTS.size(); i++) {
                assertThat(dot(rows.get(i), llama.encode(TEXTS.get(i))))
                        .as("cosine with llama.cpp for \"%.60s\"", TEXTS.get(i))
                        .isGreaterThan(0.9999);
            }
        }
    }

    @Test
    void noDigitDependsOnNeighboursThreadsOrInstructions() throws Exception {
        Path gguf = Encoders.file(provision, Encoders.STANDARD);
        List<float[]> expected = new ArrayList<>();
        TEXTS.forEach(text -> expected.add(encoder.encode(text)));
        for (InstructionSet set : kernels().instructionSets()) {
            // The portable kernels may have to compute a fused multiply-add in many steps.
            List<String> texts = set == InstructionSet.PORTABLE ? TEXTS.subList(0, 3) : TEXTS;
            for (int threads : set == InstructionSet.PORTABLE ? List.of(2) : List.of(1, 3)) {
                try (Encoder other = BertEncoder.open(library, kernels().kernels(set), gguf, threads)) {
                    Seed.run(random -> {
                        List<Integer> order = new ArrayList<>();
                        for (int i = 0; i < texts.size(); i++) {
                            order.add(i);
                        }
                        Collections.shuffle(order, random);
                        List<float[]> rows =
                                encodeAll(other, order.stream().map(texts::get).toList());
                        for (int i = 0; i < order.size(); i++) {
                            assertThat(rows.get(i))
                                    .as("%s, %d threads, \"%.60s\"", set, threads, texts.get(order.get(i)))
                                    .containsExactly(expected.get(order.get(i)));
                        }
                    });
                }
            }
        }
    }

    @Test
    void ranksSentencePairsAsPeopleAndLlamaCppDo() throws IOException {
        Path file = shared("data/similarity/stsb_dev.jsonl");
        Assumptions.assumeTrue(
                file != null, "skipped: shared/data/similarity/stsb_dev.jsonl is not beside this checkout");
        List<JsonNode> pairs = Files.readAllLines(file).stream()
                .limit(300)
                .map(line -> JsonMapper.shared().readTree(line))
                .toList();
        double own = spearman(encoder, pairs);
        try (Encoder llama = LlamaEncoder.open(library, Encoders.file(provision, Encoders.STANDARD), 1)) {
            double theirs = spearman(llama, pairs);
            System.out.printf("STS-B, first 300 pairs of dev: Spearman %.4f, llama.cpp %.4f%n", own, theirs);
            assertThat(own).isGreaterThan(0.8).isEqualTo(theirs, within(0.002));
        }
    }

    private static double spearman(Encoder encoder, List<JsonNode> pairs) {
        List<float[]> rows = encodeAll(
                encoder,
                pairs.stream()
                        .flatMap(pair -> Stream.of(
                                pair.path("s1").asString(), pair.path("s2").asString()))
                        .toList());
        double[] cosines = new double[pairs.size()];
        double[] scores = new double[pairs.size()];
        for (int i = 0; i < pairs.size(); i++) {
            cosines[i] = dot(rows.get(2 * i), rows.get(2 * i + 1));
            scores[i] = pairs.get(i).path("score").asDouble();
        }
        return RankCorrelation.spearman(cosines, scores);
    }

    private static @Nullable Path shared(String name) {
        Path folder = Path.of("").toAbsolutePath();
        for (int up = 0; up < 4 && folder != null; up++, folder = folder.getParent()) {
            Path file = folder.resolve("shared").resolve(name);
            if (Files.exists(file)) {
                return file;
            }
        }
        return null;
    }
}
