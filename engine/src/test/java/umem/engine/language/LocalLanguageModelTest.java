package umem.engine.language;

import static org.assertj.core.api.Assertions.assertThat;
import static umem.engine.language.SmolLm.ask;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.bindings.llama.Batch;
import umem.bindings.llama.ChatTemplate;
import umem.bindings.llama.Context;
import umem.bindings.llama.ContextOptions;
import umem.bindings.llama.Model;
import umem.bindings.llama.ModelOptions;
import umem.bindings.llama.Sampler;
import umem.bindings.llama.Vocabulary;

class LocalLanguageModelTest {
    private static final String SYSTEM = "You work at a parcel desk. Parcels above 30 kg leave by rail, parcels below"
            + " leave by road, and parcels that hold glass are carried by hand. Answer in one short sentence.";

    @TempDir
    private static Path folder;

    private static Path tiny;
    private static LocalLanguageModel model;

    @BeforeAll
    static void open() throws Exception {
        tiny = TinyModel.write(folder.resolve("tiny.gguf"));
        model = SmolLm.open(tiny, 2048, 4);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void greedyTextEqualsTheTextbookLoop() {
        GenerationRequest request = ask("Name three colours of the rainbow.", Sampling.greedy(40));
        try (LocalLanguageModel fresh = SmolLm.open(512, 1)) {
            Generation generation = fresh.generate(request);
            assertThat(generation).isEqualTo(textbook(SmolLm.file(), request));
            assertThat(generation.text()).isNotBlank();
        }
        for (int i = 0; i < 5; i++) {
            GenerationRequest nonsense = ask("Nonsense " + i, Sampling.greedy(40));
            assertThat(model.generate(nonsense)).isEqualTo(textbook(tiny, nonsense));
        }
    }

    /// One sequence, one prompt, one token after the other.
    private static Generation textbook(Path file, GenerationRequest request) {
        try (Model weights = Model.load(SmolLm.library(), file, ModelOptions.cpu());
                Context context = Context.create(weights, ContextOptions.generation(512, 512, 9, 1));
                Batch batch = new Batch(512);
                Sampler sampler = Sampler.greedy(weights.vocabulary())) {
            Vocabulary vocabulary = weights.vocabulary();
            String template = String.valueOf(weights.chatTemplate());
            List<ChatTemplate.Turn> turns = request.messages().stream()
                    .map(message -> new ChatTemplate.Turn(message.role().wire(), message.content()))
                    .toList();
            int[] prompt = vocabulary.tokenize(ChatTemplate.apply(template, turns, true), true, true);
            for (int i = 0; i < prompt.length; i++) {
                batch.add(prompt[i], i, 0, i == prompt.length - 1);
            }
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            int count = 0;
            while (true) {
                assertThat(context.decode(batch)).isEqualTo(Context.Status.OK);
                int token = sampler.sample(context, batch.size() - 1, null);
                if (vocabulary.isEndOfGeneration(token)) {
                    return generation(text, prompt, count, Generation.Finish.STOP);
                }
                text.writeBytes(vocabulary.piece(token));
                if (++count == request.sampling().maxTokens()) {
                    return generation(text, prompt, count, Generation.Finish.LENGTH);
                }
                batch.clear();
                batch.add(token, prompt.length + count - 1, 0, true);
            }
        }
    }

    private static Generation generation(ByteArrayOutputStream text, int[] prompt, int count, Generation.Finish end) {
        return new Generation(text.toString(StandardCharsets.UTF_8), prompt.length, count, end);
    }

    @Test
    void manyRequestsOverFewSequencesGiveTheTextsOfSingleOnes() {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            String question = "Parcel " + (4000 + 37 * i) + " weighs " + (7 * i + 3) + " kg. How does it leave?";
            requests.add(
                    i % 3 == 0
                            ? ask(
                                    "Write the word number " + i + ". " + "It is long. ".repeat(i),
                                    Sampling.greedy(8 + i))
                            : new GenerationRequest(
                                    List.of(ChatMessage.system(SYSTEM), ChatMessage.user(question)),
                                    Sampling.greedy(6 + 2 * i)));
        }
        List<Generation> together = model.generateAll(requests);
        List<Generation> alone = new ArrayList<>();
        for (GenerationRequest request : requests) {
            alone.add(model.generate(request));
        }
        assertThat(together).isEqualTo(alone);
        assertThat(alone.stream().map(Generation::text).distinct()).hasSizeGreaterThan(6);
    }

    @Test
    void theSameSeedGivesTheSameText() {
        String question = "Tell me a story about a lighthouse.";
        String first =
                model.generate(ask(question, Sampling.temperature(1, 7, 24))).text();
        String again =
                model.generate(ask(question, Sampling.temperature(1, 7, 24))).text();
        String other =
                model.generate(ask(question, Sampling.temperature(1, 8, 24))).text();
        assertThat(again).isEqualTo(first);
        assertThat(other).isNotEqualTo(first);
    }

    @Test
    void topKOfOneAndATinyTopPAreGreedy() {
        String question = "What is the capital of France?";
        String greedy = model.generate(ask(question, Sampling.greedy(12))).text();
        assertThat(model.generate(ask(question, new Sampling(5, 1, 1, 3, 12))).text())
                .isEqualTo(greedy);
        assertThat(model.generate(ask(question, new Sampling(5, 0, 1e-60, 3, 12)))
                        .text())
                .isEqualTo(greedy);
        assertThat(model.generate(ask(question, new Sampling(1e-60, 0, 1, 3, 12)))
                        .text())
                .isEqualTo(greedy);
    }

    @Test
    void aGrammarDecidesTheForm() {
        GenerationRequest request = new GenerationRequest(
                List.of(ChatMessage.user("Which parcel is it, and does it leave by rail?")),
                Sampling.temperature(1.5, 11, 60),
                """
                root ::= "<parcel>" number "</parcel><rail>" ("yes" | "no") "</rail>"
                number ::= [1-9] [0-9]{2,4}
                """);
        Generation generation = model.generate(request);
        assertThat(generation.text()).matches("<parcel>[1-9][0-9]{2,4}</parcel><rail>(yes|no)</rail>");
        assertThat(generation.finish()).isEqualTo(Generation.Finish.STOP);
    }

    @Test
    void everyStreamedPieceIsWhole() {
        List<String> pieces = new ArrayList<>();
        GenerationRequest request = new GenerationRequest(
                List.of(ChatMessage.user("Smile.")),
                Sampling.temperature(2, 5, 64),
                "root ::= [\\U0001F600-\\U0001F64F]{4} \"日本語\" [\\u4E00-\\u9FFF]{3}\n");
        Generation generation = model.submit(request, pieces::add).join();
        assertThat(String.join("", pieces)).isEqualTo(generation.text());
        assertThat(generation.text()).matches("[\\x{1F600}-\\x{1F64F}]{4}日本語[\\x{4E00}-\\x{9FFF}]{3}");
        // Fewer pieces than tokens: some tokens were only a part of a character.
        assertThat(pieces).hasSizeLessThan(generation.completionTokens()).allSatisfy(piece -> {
            assertThat(piece).isNotEmpty().doesNotContain("\uFFFD");
            assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(piece)).isTrue();
        });
    }

    @Test
    void aCharacterCutByTheLimitBecomesTheReplacementCharacter() {
        GenerationRequest request = new GenerationRequest(
                List.of(ChatMessage.user("Smile.")), Sampling.greedy(1), "root ::= [\\U0001F64C-\\U0001F64F]{4}\n");
        List<String> pieces = new ArrayList<>();
        Generation generation = model.submit(request, pieces::add).join();
        assertThat(generation.text()).isEqualTo("\uFFFD");
        assertThat(pieces).containsExactly("\uFFFD");
        assertThat(generation.finish()).isEqualTo(Generation.Finish.LENGTH);
    }

    @Test
    void aCommonPrefixIsComputedOnce() {
        GenerationRequest rail = parcel("Parcel 4471 weighs 34 kg. How does it leave?");
        GenerationRequest road = parcel("Parcel 1180 weighs 8 kg. How does it leave?");
        try (LocalLanguageModel fresh = SmolLm.open(tiny, 1024, 2)) {
            Generation cold = fresh.generate(road);
            assertThat(fresh.tokenCounts().promptShared()).isZero();
            assertThat(fresh.tokenCounts().promptEvaluated()).isEqualTo(cold.promptTokens());
            assertThat(fresh.tokenCounts().generated()).isEqualTo(cold.completionTokens());
        }
        try (LocalLanguageModel fresh = SmolLm.open(tiny, 1024, 2)) {
            Generation first = fresh.generate(rail);
            Generation second = fresh.generate(road);
            LocalLanguageModel.TokenCounts counts = fresh.tokenCounts();
            assertThat(counts.promptShared()).isGreaterThan(40);
            assertThat(counts.promptEvaluated() + counts.promptShared())
                    .isEqualTo(first.promptTokens() + second.promptTokens());
            assertThat(second.text()).isEqualTo(model.generate(road).text());
            // All that is not shared of the same prompt is its last token.
            Generation third = fresh.generate(road);
            assertThat(third).isEqualTo(second);
            assertThat(fresh.tokenCounts().promptEvaluated()).isEqualTo(counts.promptEvaluated() + 1);
        }
    }

    @Test
    void requestsThatArriveTogetherComputeTheirCommonPrefixOnce() {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            requests.add(parcel("Parcel " + i + " weighs " + 10 * i + " kg."));
        }
        try (LocalLanguageModel fresh = SmolLm.open(tiny, 1024, 4)) {
            List<Generation> generations = fresh.generateAll(requests);
            int shortest = generations.stream()
                    .mapToInt(Generation::promptTokens)
                    .min()
                    .orElseThrow();
            assertThat(fresh.tokenCounts().promptShared()).isGreaterThan(3L * (shortest - 40));
        }
    }

    private static GenerationRequest parcel(String question) {
        return new GenerationRequest(
                List.of(ChatMessage.system(SYSTEM), ChatMessage.user(question)), Sampling.greedy(12));
    }

    @Test
    void itIsNamedByItsFileAndIdentifiedByItsContent() throws Exception {
        Path copy = Files.copy(tiny, folder.resolve("Copy.gguf"));
        try (LocalLanguageModel other = SmolLm.open(copy, 256, 1);
                LocalLanguageModel small = SmolLm.open(256, 3)) {
            assertThat(other.name()).isEqualTo("copy");
            assertThat(other.fingerprint())
                    .isEqualTo(model.fingerprint())
                    .matches("[0-9a-f]{64}\\+[0-9a-f]{16}\\+llama\\.cpp-0\\.5\\.0.*");
            assertThat(small.name()).isEqualTo("smollm2-135m-instruct.q4_1");
            assertThat(small.parallelism()).isEqualTo(3);
            // Its place in the content store tells, so 98 MB are not read.
            assertThat(small.fingerprint())
                    .startsWith("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53+");
        }
    }

    @Test
    void requestsOfManyThreadsAllFinish() {
        List<CompletableFuture<Generation>> all = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            String question = "Count to " + i + ".";
            all.add(CompletableFuture.supplyAsync(
                    () -> model.generate(ask(question, Sampling.greedy(4))), Thread::startVirtualThread));
        }
        assertThat(all)
                .allSatisfy(
                        future -> assertThat(future.join().completionTokens()).isBetween(0, 4));
    }
}
