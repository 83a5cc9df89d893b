package umem.bindings.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import umem.bindings.NativeException;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Misuse that would abort the process, or read what is not there, is an exception.
class ContextTest {
    private Model model;
    private Context context;
    private Batch batch;

    @BeforeEach
    void open() {
        model = SmolLm.load();
        context = Context.create(model, ContextOptions.generation(256, 32, 2, 1));
        batch = new Batch(64);
    }

    @AfterEach
    void close() {
        batch.close();
        context.close();
        model.close();
    }

    private void fill(int tokens) {
        batch.clear();
        for (int i = 0; i < tokens; i++) {
            batch.add(100 + i, i, 0, i == tokens - 1);
        }
    }

    private void works() {
        context.clear();
        fill(4);
        assertThat(context.decode(batch)).isEqualTo(Context.Status.OK);
        assertThat(context.sequenceLength(0)).isEqualTo(4);
    }

    @Test
    void batchTooLargeOrEmpty() {
        fill(33);
        assertThatThrownBy(() -> context.decode(batch)).hasMessage("a batch of 33 tokens is not in [1, 32]");
        batch.clear();
        assertThatThrownBy(() -> context.decode(batch)).hasMessage("a batch of 0 tokens is not in [1, 32]");
        fill(64);
        assertThatThrownBy(() -> batch.add(1, 64, 0, false)).isInstanceOf(IllegalStateException.class);
        works();
    }

    @Test
    void tokenPositionOrSequenceOutOfRange() {
        int size = model.vocabulary().size();
        int[][] bad = {{-1, 0, 0}, {size, 0, 0}, {5, -1, 0}, {5, 0, -1}, {5, 0, 2}, {Integer.MIN_VALUE, 0, 0}};
        for (int[] one : bad) {
            batch.clear();
            batch.add(one[0], one[1], one[2], true);
            assertThatThrownBy(() -> context.decode(batch)).isInstanceOf(IllegalArgumentException.class);
        }
        for (int sequence : new int[] {-1, 2, 256}) {
            assertThatThrownBy(() -> context.removeSequence(sequence, 0)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> context.copySequence(0, sequence, 1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> context.copySequence(sequence, 0, 1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> context.sequenceLength(sequence)).isInstanceOf(IllegalArgumentException.class);
        }
        works();
    }

    @Test
    void aGapBetweenPositionsIsRefusedByTheLibrary() {
        works();
        batch.clear();
        batch.add(5, 17, 0, true);
        assertThatThrownBy(() -> context.decode(batch))
                .asInstanceOf(InstanceOfAssertFactories.type(NativeException.class))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(ErrorKind.NATIVE))
                .satisfies(e -> assertThat(e.function()).isEqualTo("llama_decode"))
                .satisfies(e -> assertThat(e.code()).isEqualTo(-1))
                .satisfies(e -> assertThat(e.nativeText()).isNotBlank());
        works();
    }

    @Test
    void aFullCacheIsAStatus() {
        for (int from = 0; from < 256; from += 32) {
            batch.clear();
            for (int i = 0; i < 32; i++) {
                batch.add(7, from + i, 0, false);
            }
            assertThat(context.decode(batch)).isEqualTo(Context.Status.OK);
        }
        batch.clear();
        batch.add(7, 256, 0, false);
        assertThat(context.decode(batch)).isEqualTo(Context.Status.FULL);
        assertThat(context.sequenceLength(0)).isEqualTo(256);
        works();
    }

    @Test
    void outputThatWasNotAskedFor() {
        fill(4);
        assertThatThrownBy(() -> context.logits(3)).isInstanceOf(IllegalArgumentException.class);
        assertThat(context.decode(batch)).isEqualTo(Context.Status.OK);
        assertThat(context.logits(3).byteSize())
                .isEqualTo(4L * model.vocabulary().size());
        try (Sampler sampler = Sampler.greedy(model.vocabulary())) {
            for (int index : new int[] {-1, 0, 2, 4, 1000}) {
                assertThatThrownBy(() -> context.logits(index)).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> sampler.sample(context, index, null))
                        .isInstanceOf(IllegalArgumentException.class);
            }
            assertThat(sampler.sample(context, 3, null))
                    .isBetween(0, model.vocabulary().size() - 1);
        }
        assertThatThrownBy(() -> context.embedding(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> context.encode(batch)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anotherThread() {
        fill(4);
        for (Runnable use : new Runnable[] {
            () -> context.decode(batch), () -> context.logits(0), context::clear, context::close, context::contextLength
        }) {
            assertThatThrownBy(() -> CompletableFuture.runAsync(use).get())
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("belongs to");
        }
        works();
    }

    @Test
    void anAbortFromAnotherThreadEndsTheCallOrTheNextOne() throws Exception {
        CountDownLatch begins = new CountDownLatch(1);
        AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
        Thread other = Thread.ofPlatform().start(() -> {
            try {
                begins.await();
                context.abort();
            } catch (Throwable t) {
                failed.set(t);
            }
        });
        fill(32);
        begins.countDown();
        Context.Status status = context.decode(batch);
        other.join();
        assertThat(failed.get()).isNull();
        if (status == Context.Status.OK) {
            // The abort came after the call.
            context.clear();
            status = context.decode(batch);
        }
        assertThat(status).isEqualTo(Context.Status.ABORTED);
        works();
    }

    @Test
    void useAfterClose() {
        Sampler sampler = Sampler.greedy(model.vocabulary());
        Grammar grammar = Grammar.parse(model.vocabulary(), "root ::= \"a\"");
        fill(4);
        context.decode(batch);
        for (int i = 0; i < 2; i++) {
            grammar.close();
            sampler.close();
            assertThatThrownBy(() -> grammar.accepts(0)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> sampler.sample(context, 3, null)).isInstanceOf(IllegalStateException.class);
        }
        assertThatThrownBy(model::close).hasMessageContaining("1 open contexts or adapters");
        assertThat(model.vocabulary().size()).isPositive();
        for (int i = 0; i < 2; i++) {
            context.close();
            assertThatThrownBy(() -> context.decode(batch)).hasMessage("the context is closed");
            assertThatThrownBy(() -> context.logits(3)).hasMessage("the context is closed");
        }
        context.abort();
        Vocabulary vocabulary = model.vocabulary();
        for (int i = 0; i < 2; i++) {
            model.close();
            assertThatThrownBy(model::vocabulary).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> vocabulary.tokenize("a", true, true)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> vocabulary.piece(5)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> vocabulary.isEndOfGeneration(5)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> Context.create(model, ContextOptions.generation(64, 8, 1, 1)))
                    .isInstanceOf(IllegalStateException.class);
        }
        for (int i = 0; i < 2; i++) {
            batch.close();
            assertThatThrownBy(() -> batch.add(1, 0, 0, true)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aContextLargerThanTheMemory() {
        assertThatThrownBy(() -> Context.create(model, ContextOptions.generation(1 << 22, 32, 2, 1)))
                .asInstanceOf(InstanceOfAssertFactories.type(UmemException.class))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
                .satisfies(e -> assertThat(e).hasMessageStartingWith("not enough memory"));
        assertThatThrownBy(() -> ContextOptions.generation((1 << 22) + 1, 32, 2, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ContextOptions.generation(64, 32, 257, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void tokensOutOfRange() {
        Vocabulary vocabulary = model.vocabulary();
        for (int token : new int[] {-1, vocabulary.size(), Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> vocabulary.piece(token)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> vocabulary.isEndOfGeneration(token)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }
}
