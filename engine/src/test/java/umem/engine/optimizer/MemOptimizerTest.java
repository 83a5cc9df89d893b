package umem.engine.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static umem.engine.testing.Samples.memories;
import static umem.engine.testing.Samples.task;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import umem.engine.executor.Prompts;
import umem.engine.executor.Trajectory;
import umem.engine.language.GenerationRequest;
import umem.engine.memory.MemoryAction;
import umem.engine.memory.RetrievedMemory;
import umem.engine.task.TaskKind;
import umem.engine.testing.ScriptedLanguageModel;
import umem.engine.testing.Seed;
import umem.error.ErrorKind;
import umem.error.UmemException;

class MemOptimizerTest {
    private static final String ADD =
            "Think. <experience><value>a lesson</value><operation>ADD</operation></experience>";
    private static final Pattern MARK = Pattern.compile("\\n\\[\\.\\.\\. (\\d+) characters left out \\.\\.\\.]\\n");

    private final ScriptedLanguageModel model = ScriptedLanguageModel.answering(ADD);

    private static MemOptimizer optimizer(ScriptedLanguageModel model, int trajectoryTokens, boolean grammar) {
        return new MemOptimizer(model, Prompts.standard(), new MemOptimizer.Options(50, trajectoryTokens, grammar));
    }

    private static Trajectory trajectory(
            String output, boolean correct, @Nullable String reply, List<RetrievedMemory> memories) {
        return new Trajectory(task(TaskKind.MULTIPLE_CHOICE), memories, output, "1", correct, reply, 5, 6, false);
    }

    @Test
    void successAndFailureHaveTheirOwnPrompts() {
        MemOptimizer optimizer = optimizer(model, 100, false);
        optimizer.propose(trajectory("I did it.", true, null, memories()));
        String success = model.lastPrompt();
        String successRules = model.requests().getLast().messages().getFirst().content();
        optimizer.propose(trajectory("I did it.", false, null, memories()));
        String failure = model.lastPrompt();
        String failureRules = model.requests().getLast().messages().getFirst().content();
        assertThat(success).contains("Outcome: CORRECT (success). State the truth or method", "Attempt: I did it.");
        assertThat(failure).contains("Outcome: INCORRECT (failure). Name the root cause", "Attempt: I did it.");
        // All but the last turn is the same, so that its keys and values are computed once for both.
        assertThat(successRules).isEqualTo(failureRules);
        assertThat(List.of(successRules, failureRules))
                .allSatisfy(rules -> assertThat(rules).contains("No answer leakage", "No specifics", "No invention"));
        assertThat(success).endsWith("in general words.");
    }

    @Test
    void showsTheTaskTheReplyAndANumberedList() {
        optimizer(model, 100, false)
                .propose(trajectory("out", false, "No, sorry.", memories("first", "second", "third")));
        assertThat(model.lastPrompt())
                .startsWith("Existing notes:\n[0] first\n[1] second\n[2] third\n")
                .contains("Task: Which {{colour}} & <which> number?\n0. red\n1. green\n2. blue\n")
                .endsWith("Reply: No, sorry.")
                .doesNotContain("(none)");
        optimizer(model, 100, false).propose(trajectory("out", false, null, memories()));
        assertThat(model.lastPrompt()).contains("(none)").doesNotContain("Reply:", "[0]");
    }

    @Test
    void readsTheActionAgainstWhatWasShown() {
        MemOptimizer optimizer = optimizer(
                ScriptedLanguageModel.answering(
                        "<experience><value>b</value><operation>UPDATE 1</operation></experience>"),
                100,
                false);
        Proposal two = optimizer.propose(trajectory("out", true, null, memories("x", "y")));
        assertThat(two.action()).isEqualTo(new MemoryAction.Update(1, List.of("b")));
        assertThat(two.formatReward()).isEqualTo(1);
        assertThat(two.malformed()).isNull();
        Proposal one = optimizer.propose(trajectory("out", true, null, memories("x")));
        assertThat(one.action()).isNull();
        assertThat(one.formatReward()).isZero();
        assertThat(one.malformed()).contains("out of range");
        assertThat(one.output()).contains("UPDATE 1");
        assertThat(one.completionTokens()).isEqualTo(2);
    }

    @Test
    void proposesGreedilyAndSamplesWithSeedsOfTheirOwn() {
        Trajectory trajectory = trajectory("out", true, null, memories());
        MemOptimizer optimizer = optimizer(model, 100, false);
        optimizer.propose(trajectory);
        assertThat(model.requests().getLast().sampling().isGreedy()).isTrue();
        List<Proposal> group = optimizer.sample(trajectory, 8, 1.0, 77);
        assertThat(group).hasSize(8).allMatch(proposal -> proposal.formatReward() == 1);
        Set<Long> seeds = new HashSet<>();
        for (GenerationRequest request : model.requests().subList(1, 9)) {
            assertThat(request.sampling().temperature()).isEqualTo(1.0);
            assertThat(request.sampling().maxTokens()).isEqualTo(50);
            seeds.add(request.sampling().seed());
        }
        assertThat(seeds).hasSize(8);
    }

    @Test
    void theGrammarNamesWhatWasShown() {
        Trajectory trajectory = trajectory("out", true, null, memories("x", "y"));
        optimizer(model, 100, false).propose(trajectory);
        assertThat(model.requests().getLast().grammar()).isNull();
        optimizer(model, 100, true).propose(trajectory);
        assertThat(model.requests().getLast().grammar())
                .contains("\"UPDATE 1\"")
                .doesNotContain("\"UPDATE 2\"");
    }

    @Test
    void aLongTrajectoryKeepsHeadAndTailAndWholeCharacters() throws Exception {
        Seed.run(random -> {
            for (int round = 0; round < 300; round++) {
                StringBuilder text = new StringBuilder("x");
                int length = random.nextInt(400);
                while (text.length() < length) {
                    text.append(
                            random.nextBoolean() ? "\uD83D\uDE00" : String.valueOf((char) ('a' + random.nextInt(26))));
                }
                text.append('y');
                int budget = 3 * (16 + random.nextInt(60));
                String shown = shown(text.toString(), budget / 3);
                if (text.length() <= budget) {
                    assertThat(shown).isEqualTo(text.toString());
                    continue;
                }
                Matcher mark = MARK.matcher(shown);
                assertThat(mark.find()).as(shown).isTrue();
                String head = shown.substring(0, mark.start());
                String tail = shown.substring(mark.end());
                assertThat(text.toString()).startsWith(head).endsWith(tail);
                assertThat(head.length() + tail.length() + Integer.parseInt(mark.group(1)))
                        .isEqualTo(text.length());
                assertThat(head.length()).isBetween(budget / 2 - 1, budget / 2);
                assertThat(tail.length()).isBetween(budget - budget / 2 - 1, budget - budget / 2 + 1);
                assertThat(Character.isHighSurrogate(head.charAt(head.length() - 1)))
                        .isFalse();
                assertThat(Character.isLowSurrogate(tail.charAt(0))).isFalse();
            }
        });
    }

    private String shown(String output, int tokens) {
        optimizer(model, tokens, false).propose(trajectory(output, true, null, memories()));
        String prompt = model.lastPrompt();
        return prompt.substring(prompt.indexOf("Attempt: ") + 9, prompt.lastIndexOf("\nOutcome:"));
    }

    @Test
    void aFailureOfTheModelComesOut() {
        UmemException failure = new UmemException(ErrorKind.MODEL, "the prompt does not fit");
        MemOptimizer optimizer = optimizer(ScriptedLanguageModel.failing(failure), 100, false);
        Trajectory trajectory = trajectory("out", true, null, memories());
        assertThatThrownBy(() -> optimizer.propose(trajectory)).isSameAs(failure);
        assertThatThrownBy(() -> optimizer.sample(trajectory, 2, 1, 0)).isSameAs(failure);
    }

    @Test
    void theFingerprintNamesTheOptions() {
        assertThat(List.of(
                        optimizer(model, 100, false).fingerprint(),
                        optimizer(model, 101, false).fingerprint(),
                        optimizer(model, 100, true).fingerprint()))
                .doesNotHaveDuplicates()
                .allMatch(fingerprint -> fingerprint.startsWith("scripted-1+"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0,100", "-1,100", "10,15"})
    void refusesOptionsThatMakeNoSense(String sizes) {
        String[] parts = sizes.split(",");
        assertThatThrownBy(
                        () -> new MemOptimizer.Options(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), false))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
