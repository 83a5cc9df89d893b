package umem.engine.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static umem.engine.language.SmolLm.ask;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import umem.error.ErrorKind;
import umem.error.UmemException;

@Timeout(60)
class LocalLanguageModelFailureTest {
    /// Never ends by itself.
    private static final String ENDLESS = "root ::= [a-z] root\n";

    @TempDir
    private static Path folder;

    private static Path tiny;

    @BeforeAll
    static void write() throws Exception {
        tiny = TinyModel.write(folder.resolve("tiny.gguf"));
    }

    private static GenerationRequest endless(int maxTokens) {
        return new GenerationRequest(List.of(ChatMessage.user("Go on.")), Sampling.greedy(maxTokens), ENDLESS);
    }

    private static UmemException failure(CompletableFuture<Generation> future) {
        try {
            Generation generation = future.get(30, TimeUnit.SECONDS);
            throw new AssertionError("no failure, but " + generation);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UmemException failure) {
                return failure;
            }
            throw new AssertionError(e);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aRequestThatCanNeverFitIsRefusedWithTheNumbers() {
        try (LocalLanguageModel model = SmolLm.open(tiny, 256, 2)) {
            UmemException longPrompt = failure(model.submit(ask("long ".repeat(100), Sampling.greedy(4))));
            assertThat(longPrompt.kind()).isEqualTo(ErrorKind.INPUT);
            assertThat(longPrompt)
                    .hasMessageMatching("the prompt of 5\\d\\d tokens and an answer of up to 4 do not fit into"
                            + " the 256 tokens that tiny can hold; .*");
            UmemException longAnswer = failure(model.submit(ask("short", Sampling.greedy(Integer.MAX_VALUE))));
            assertThat(longAnswer).hasMessageContaining("2147483647");
            // To the last cell.
            int prompt = model.generate(ask("x", Sampling.greedy(1))).promptTokens();
            assertThat(model.generate(endless(256 - prompt - 5)).completionTokens())
                    .isEqualTo(256 - prompt - 5);
            assertThat(failure(model.submit(endless(256 - prompt - 4))).kind()).isEqualTo(ErrorKind.INPUT);
        }
        // The positions that the model was trained for are a limit, too.
        try (LocalLanguageModel model = SmolLm.open(tiny, 2 * TinyModel.CONTEXT_LENGTH, 1)) {
            assertThat(failure(model.submit(endless(TinyModel.CONTEXT_LENGTH))))
                    .hasMessageContaining("the " + TinyModel.CONTEXT_LENGTH + " tokens");
        }
    }

    @Test
    void requestsThatDoNotFitTogetherWaitForEachOther() {
        try (LocalLanguageModel model = SmolLm.open(tiny, 256, 4)) {
            List<GenerationRequest> requests = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                requests.add(new GenerationRequest(
                        List.of(ChatMessage.user(i + " is the number.")), Sampling.greedy(140), ENDLESS));
            }
            assertThat(model.generateAll(requests))
                    .allSatisfy(generation ->
                            assertThat(generation.completionTokens()).isEqualTo(140));
        }
    }

    @Test
    void aBadGrammarFailsItsRequestOnly() {
        try (LocalLanguageModel model = SmolLm.open(tiny, 256, 1)) {
            for (String grammar : List.of("root ::= [", "top ::= \"a\"", "root ::= root \"a\"", "root ::= x", " ")) {
                UmemException refused = failure(model.submit(
                        new GenerationRequest(List.of(ChatMessage.user("x")), Sampling.greedy(4), grammar)));
                assertThat(refused.kind()).isEqualTo(ErrorKind.INPUT);
                assertThat(refused).hasMessageStartingWith("the grammar is refused");
            }
            assertThat(model.generate(endless(5)).text()).matches("[a-z]{5}");
        }
    }

    @Test
    void cancellingFreesTheSlot() throws Exception {
        try (LocalLanguageModel model = SmolLm.open(tiny, 2048, 1)) {
            CountDownLatch begun = new CountDownLatch(1);
            CompletableFuture<Generation> first = model.submit(endless(1900), piece -> begun.countDown());
            assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
            CompletableFuture<Generation> waits = model.submit(endless(1900));
            CompletableFuture<Generation> last = model.submit(endless(3));
            waits.cancel(true);
            first.cancel(true);
            assertThat(last.get(30, TimeUnit.SECONDS).text()).hasSize(3);
            assertThatThrownBy(first::join).isInstanceOf(CancellationException.class);
            assertThat(model.tokenCounts().generated()).isLessThan(1900);
        }
    }

    @Test
    void aListenersExceptionFailsItsGenerationOnly() throws Exception {
        try (LocalLanguageModel model = SmolLm.open(tiny, 512, 2)) {
            AtomicInteger pieces = new AtomicInteger();
            CompletableFuture<Generation> broken = model.submit(endless(100), piece -> {
                if (pieces.incrementAndGet() == 3) {
                    throw new IllegalStateException("the pipe is closed");
                }
            });
            CompletableFuture<Generation> other = model.submit(endless(20));
            assertThat(failure(broken))
                    .hasMessageContaining("the pipe is closed")
                    .hasCauseInstanceOf(IllegalStateException.class);
            assertThat(pieces).hasValue(3);
            assertThat(other.get(30, TimeUnit.SECONDS).text()).hasSize(20);
        }
    }

    @Test
    void closingEndsWhatRunsAndWhatWaits() throws Exception {
        LocalLanguageModel model = SmolLm.open(tiny, 4096, 1);
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Generation> runs = model.submit(endless(4000), piece -> begun.countDown());
        CompletableFuture<Generation> waits = model.submit(endless(4000));
        assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
        model.close();
        for (CompletableFuture<Generation> future : List.of(runs, waits, model.submit(endless(1)))) {
            assertThat(future).isCompletedExceptionally();
            assertThat(failure(future).kind()).isEqualTo(ErrorKind.INTERRUPTED);
            assertThat(failure(future)).hasMessage("model tiny is closed");
        }
        model.close();
        assertThat(model.tokenCounts().generated()).isPositive();
        assertThat(model.name()).isEqualTo("tiny");
    }

    @Test
    void whenTheOwnerThreadFailsSoDoesEveryLaterRequest() throws Exception {
        try (LocalLanguageModel model = SmolLm.open(tiny, 512, 1)) {
            assertThat(model.generate(endless(2)).text()).hasSize(2);
            Thread owner = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("umem-tiny"))
                    .findFirst()
                    .orElseThrow();
            // Nobody but close() interrupts it: a fault like any other.
            owner.interrupt();
            owner.join();
            for (int i = 0; i < 3; i++) {
                UmemException failure = failure(model.submit(endless(400)));
                assertThat(failure.kind()).isEqualTo(ErrorKind.INTERNAL);
                assertThat(failure)
                        .hasMessageStartingWith("model tiny has failed and is closed: java.lang.Interrupted");
            }
        }
    }

    @Test
    void aListenerMayCloseTheModel() {
        LocalLanguageModel model = SmolLm.open(tiny, 512, 1);
        CompletableFuture<Generation> future = model.submit(endless(400), piece -> model.close());
        assertThat(failure(future).kind()).isEqualTo(ErrorKind.INTERRUPTED);
        model.close();
    }

    @Test
    void submittingWhileAnotherThreadClosesNeverHangs() throws Exception {
        for (int round = 0; round < 10; round++) {
            LocalLanguageModel model = SmolLm.open(tiny, 512, 4);
            List<CompletableFuture<Generation>> all = new ArrayList<>();
            Thread closer = Thread.ofVirtual().start(model::close);
            for (int i = 0; i < 50; i++) {
                all.add(model.submit(endless(50)));
            }
            closer.join();
            for (CompletableFuture<Generation> future : all) {
                future.handle((generation, failure) -> generation).get(30, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void whatDependsOnAFutureMayUseTheModel() throws Exception {
        try (LocalLanguageModel model = SmolLm.open(tiny, 512, 1)) {
            CompletableFuture<Generation> second =
                    model.submit(endless(3)).thenApply(generation -> model.generate(endless(4)));
            assertThat(second.get(30, TimeUnit.SECONDS).completionTokens()).isEqualTo(4);
        }
    }

    @Test
    void aModelWithoutAUsableChatTemplateIsRefused() throws Exception {
        Path silent = TinyModel.write(folder.resolve("silent.gguf"), "");
        Path strange = TinyModel.write(folder.resolve("strange.gguf"), "{{ messages }}");
        assertThatThrownBy(() -> SmolLm.open(silent, 256, 1))
                .asInstanceOf(InstanceOfAssertFactories.type(UmemException.class))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
                .satisfies(e -> assertThat(e).hasMessageContaining("has no chat template"));
        assertThatThrownBy(() -> SmolLm.open(strange, 256, 1))
                .asInstanceOf(InstanceOfAssertFactories.type(UmemException.class))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
                .satisfies(e -> assertThat(e).hasMessageContaining("chat template"));
    }

    @Test
    void aContextBeyondTheMemoryIsRefused() {
        assertThatThrownBy(() -> SmolLm.open(SmolLm.file(), 1 << 22, 1))
                .asInstanceOf(InstanceOfAssertFactories.type(UmemException.class))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
                .satisfies(e -> assertThat(e).hasMessageContaining("not enough memory"));
    }
}
