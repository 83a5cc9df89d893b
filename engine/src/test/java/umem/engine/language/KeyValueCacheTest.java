package umem.engine.language;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.bindings.llama.Context;
import umem.bindings.llama.ContextOptions;
import umem.bindings.llama.Model;
import umem.bindings.llama.ModelOptions;
import umem.engine.testing.Seed;

class KeyValueCacheTest {
    private static final int SEQUENCES = 6;

    @TempDir
    private static Path folder;

    private static Path tiny;

    @BeforeAll
    static void write() throws Exception {
        tiny = TinyModel.write(folder.resolve("tiny.gguf"));
    }

    @Test
    void itAlwaysHasTheRoomItPromisedAndSharesOnlyEqualPrefixes() throws Exception {
        Seed.run(random -> {
            try (Model model = Model.load(SmolLm.library(), tiny, ModelOptions.cpu());
                    Context context = Context.create(model, ContextOptions.generation(256, 64, SEQUENCES, 1))) {
                for (int round = 0; round < 20; round++) {
                    context.clear();
                    new Trial(new KeyValueCache(context, true, 1), random).run();
                }
            }
        });
    }

    /// A cache, and what is known about it from outside.
    private record Trial(
            KeyValueCache cache,
            Random random,
            Set<CachedSequence> seen,
            List<CachedSequence> running,
            Map<CachedSequence, int[]> prompts) {
        Trial(KeyValueCache cache, Random random) {
            this(cache, random, new HashSet<>(), new ArrayList<>(), new HashMap<>());
        }

        void run() {
            for (int step = 0; step < 400; step++) {
                switch (random.nextInt(4)) {
                    case 0 -> open();
                    case 1, 2 -> append();
                    default -> {
                        if (random.nextInt(4) == 0) {
                            end();
                        }
                    }
                }
                check();
            }
            while (!running.isEmpty()) {
                end();
            }
            int[] prompt = prompt();
            assertThat(cache.open(prompt, cache.capacity())).isNotNull();
        }

        /// Prompts of a system turn out of three and a question.
        private int[] prompt() {
            int system = random.nextInt(3);
            int[] prompt = new int[45 + random.nextInt(20)];
            for (int i = 0; i < prompt.length; i++) {
                prompt[i] = i < 40 ? system : random.nextInt(2);
            }
            return prompt;
        }

        private void open() {
            int[] prompt = prompt();
            int total = prompt.length + 1 + random.nextInt(50);
            int longest = 0;
            for (CachedSequence sequence : seen) {
                longest = Math.max(longest, common(sequence, prompt));
            }
            CachedSequence opened = cache.open(prompt, total);
            if (opened == null) {
                assertThat(running).isNotEmpty();
                return;
            }
            assertThat(opened.length).isEqualTo(longest);
            assertThat(running).doesNotContain(opened);
            seen.add(opened);
            running.add(opened);
            prompts.put(opened, prompt);
        }

        private static int common(CachedSequence sequence, int[] prompt) {
            int i = 0;
            while (sequence.use != CachedSequence.Use.FREE
                    && i < sequence.length
                    && i < prompt.length - 1
                    && sequence.tokens[i] == prompt[i]) {
                i++;
            }
            return i;
        }

        private void append() {
            if (running.isEmpty()) {
                return;
            }
            CachedSequence sequence = running.get(random.nextInt(running.size()));
            int[] prompt = Objects.requireNonNull(prompts.get(sequence));
            int count = 1 + random.nextInt(30);
            for (int i = 0; i < count && sequence.length < sequence.total; i++) {
                int position = sequence.length;
                int token = position < prompt.length ? prompt[position] : random.nextInt(2);
                assertThat(cache.append(sequence, token)).isEqualTo(position);
            }
        }

        private void end() {
            if (!running.isEmpty()) {
                cache.keep(running.remove(random.nextInt(running.size())));
            }
        }

        /// A cell that two sequences hold must stand for the same prefix in both.
        private void check() {
            Map<Integer, List<Integer>> prefixes = new HashMap<>();
            for (CachedSequence sequence : seen) {
                List<Integer> prefix = new ArrayList<>();
                for (int i = 0; i < sequence.length; i++) {
                    prefix.add(sequence.tokens[i]);
                    List<Integer> other = prefixes.putIfAbsent(sequence.cells[i], List.copyOf(prefix));
                    if (other != null) {
                        assertThat(prefix).isEqualTo(other);
                    }
                }
            }
            assertThat(prefixes.keySet()).allMatch(cell -> cell >= 0 && cell < cache.capacity());
        }
    }
}
