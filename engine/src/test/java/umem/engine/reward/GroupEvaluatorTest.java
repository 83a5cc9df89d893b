package umem.engine.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import umem.engine.executor.ExecutionCache;
import umem.engine.executor.Executor;
import umem.engine.executor.Prompts;
import umem.engine.executor.Trajectory;
import umem.engine.language.GenerationRequest;
import umem.engine.memory.MemoryAction;
import umem.engine.memory.MemoryBank;
import umem.engine.memory.Provenance;
import umem.engine.memory.Retrieval;
import umem.engine.memory.RetrievedMemory;
import umem.engine.optimizer.Proposal;
import umem.engine.task.Task;
import umem.engine.task.TaskKind;
import umem.engine.testing.HashedWords;
import umem.engine.testing.ScriptedLanguageModel;
import umem.engine.testing.Seed;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Rewards of a group, with an executor that solves a task once it is shown the rule of the task's colour, gets it
/// wrong once it is shown a trap, and answers shorter when it is told to be brief.
class GroupEvaluatorTest {
    private final HashedWords encoder = new HashedWords(256);
    private final MemoryBank bank = MemoryBank.inMemory(encoder);
    private final ScriptedLanguageModel model = ScriptedLanguageModel.answering(GroupEvaluatorTest::answer);
    private final Executor executor = executor(model);
    private final Task query = task("q", "red");
    private final List<Task> neighbours = List.of(task("n1", "red"), task("n2", "red"), task("n3", "blue"));

    @AfterEach
    void close() {
        bank.close();
    }

    private static Executor executor(ScriptedLanguageModel model) {
        return new Executor(model, Prompts.standard(), ExecutionCache.inMemory(), 64);
    }

    private static Task task(String id, String colour) {
        return new Task(
                id,
                TaskKind.QUESTION_ANSWERING,
                "The " + colour + " parcel " + id + " wants a shelf",
                List.of(),
                null,
                List.of(colour + " shelf"),
                null,
                Map.of());
    }

    private static String answer(GenerationRequest request) {
        String prompt = request.messages().getLast().content();
        String colour = prompt.contains("The red parcel") ? "red" : "blue";
        if (prompt.contains("trap " + colour)) {
            return "So the note says. \\boxed{floor}";
        }
        String words = prompt.contains("brief") ? "It is" : "After a long and careful thought it must be";
        return words + (prompt.contains("rule " + colour) ? " \\boxed{" + colour + " shelf}" : " \\boxed{floor}");
    }

    private Trajectory trajectory() {
        List<RetrievedMemory> shown = bank.retrieve(encoder.encode(query.question()), Retrieval.nearest(3));
        return executor.execute(query, shown);
    }

    private GroupReward evaluate(RewardMode mode, List<Task> tasks, Proposal... group) {
        return evaluate(executor, mode, tasks, group);
    }

    private GroupReward evaluate(Executor by, RewardMode mode, List<Task> tasks, Proposal... group) {
        return new GroupEvaluator(by, encoder, new RewardOptions(mode, 3, -1, true, 1))
                .evaluate(trajectory(), List.of(group), tasks, bank);
    }

    private static Proposal add(String value) {
        return new Proposal(value, new MemoryAction.Add(List.of(value)), null, 1, 1);
    }

    private static Proposal update(int index, String value) {
        return new Proposal(value, new MemoryAction.Update(index, List.of(value)), null, 1, 1);
    }

    private static Proposal malformed() {
        return new Proposal("what?", null, "no experience block", 1, 1);
    }

    private void remember(String key, String value) {
        bank.apply(
                new MemoryAction.Add(List.of(value)),
                List.of(),
                key,
                0,
                new Provenance("other-" + key, "", "", "", 0, Instant.EPOCH));
    }

    @Test
    void aLessonIsWorthWhatItDoesForTheNeighbours() {
        GroupReward group =
                evaluate(RewardMode.PAPER, neighbours, add("rule red"), add("chatter"), malformed(), add("rule blue"));

        // Two red neighbours of three are solved; the blue one.
        assertThat(group.candidates())
                .extracting(CandidateReward::marginalUtility)
                .containsExactly(2.0 / 3, 0.0, 0.0, 1.0 / 3);
        assertThat(group.totals()).containsExactly(1 + 2.0 / 3, 1, 0, 1 + 1.0 / 3);
        assertThat(group.self()).isFalse();
        assertThat(CommitRule.paper().choose(group)).isEqualTo(OptionalInt.of(0));
        // 3 references, and 3 candidates that every neighbour retrieves.
        assertThat(group.calls()).isEqualTo(new CallCount(12, 12, 0, 0, 0, 0));
    }

    @Test
    void harmCostsAsMuchAsHelpEarns() {
        remember("red parcel shelf", "rule red");
        GroupReward group = evaluate(RewardMode.PAPER, neighbours, add("trap red"), update(0, "trap red"));

        assertThat(group.candidates())
                .extracting(CandidateReward::marginalUtility)
                .containsExactly(-2.0 / 3, -2.0 / 3);
        assertThat(CommitRule.paper().choose(group)).isEmpty();
        // The published code sees no harm, and no rule in the bank either.
        GroupReward published = evaluate(RewardMode.PUBLISHED, neighbours, add("trap red"), update(0, "rule red"));
        assertThat(published.candidates())
                .extracting(CandidateReward::marginalUtility)
                .containsExactly(0.0, 2.0 / 3);
    }

    @Test
    void aRightAnswerInFewerWordsCounts() {
        remember("red parcel shelf", "rule red");
        GroupReward group = evaluate(RewardMode.PAPER, neighbours.subList(0, 1), add("be brief"));

        // 11 words become 4.
        assertThat(group.candidates().getFirst().marginalUtility()).isEqualTo(1 - 4.0 / 11);
    }

    @Test
    void nothingIsExecutedWhereRetrievalStaysTheSame() {
        for (int i = 0; i < 3; i++) {
            remember("The red parcel wants a shelf", "chatter " + i);
            remember("The blue parcel wants a shelf", "gossip " + i);
        }
        int before = model.calls();
        // The new key "The red parcel q wants a shelf" is farther from each neighbour than the three that are there.
        Trajectory trajectory = trajectory();
        GroupReward group = new GroupEvaluator(executor, encoder, RewardOptions.paper())
                .evaluate(trajectory, List.of(add("rule red")), neighbours, bank);

        assertThat(model.calls() - before).isEqualTo(1);
        assertThat(group.calls()).isEqualTo(new CallCount(6, 0, 0, 6, 0, 0));
        assertThat(group.candidates())
                .extracting(CandidateReward::marginalUtility)
                .containsOnly(0.0);
    }

    @Test
    void anActionThatChangesNothingIsWorthNothing() {
        remember(query.question(), "rule red");
        Trajectory trajectory = trajectory();
        GroupReward group = new GroupEvaluator(executor, encoder, RewardOptions.paper())
                .evaluate(trajectory, List.of(update(0, "rule red")), neighbours, bank);
        assertThat(group.candidates().getFirst().marginalUtility()).isZero();
        assertThat(group.calls()).isEqualTo(new CallCount(6, 0, 0, 6, 0, 0));
    }

    @Test
    void equalCandidatesAreJudgedOnceAndKnownExecutionsNotAgain() {
        GroupReward first = evaluate(RewardMode.PAPER, neighbours, add("rule red"), add("rule red"), add("rule red"));
        assertThat(first.calls()).isEqualTo(new CallCount(12, 6, 0, 0, 6, 0));
        assertThat(first.candidates())
                .extracting(CandidateReward::marginalUtility)
                .containsOnly(2.0 / 3);

        GroupReward again = evaluate(RewardMode.PAPER, neighbours, add("rule red"));
        assertThat(again.calls()).isEqualTo(new CallCount(6, 0, 6, 0, 0, 0));
    }

    @Test
    void aQueryWithoutNeighboursIsJudgedOnItself() {
        GroupReward group = evaluate(RewardMode.PAPER, List.of(), add("rule red"), add("rule blue"));
        assertThat(group.self()).isTrue();
        assertThat(group.candidates())
                .extracting(CandidateReward::marginalUtility)
                .containsExactly(1.0, 0.0);
        assertThat(evaluate(RewardMode.SELF, neighbours, add("rule red")).self())
                .isTrue();
    }

    @Test
    void aNeighbourThatFailsIsLeftOutForTheWholeGroup() {
        ScriptedLanguageModel faulty = ScriptedLanguageModel.answering(request -> {
            if (request.messages().getLast().content().contains("parcel n2")
                    && request.messages().getLast().content().contains("rule red")) {
                throw new UmemException(ErrorKind.REMOTE, "the endpoint is gone");
            }
            return answer(request);
        });
        GroupReward group = evaluate(executor(faulty), RewardMode.PAPER, neighbours, add("rule red"), add("rule blue"));

        assertThat(group.dropped()).containsExactly("n2");
        assertThat(group.candidates())
                .extracting(CandidateReward::marginalUtility)
                .containsExactly(0.5, 0.5);
        assertThat(group.candidates())
                .allSatisfy(c -> assertThat(c.neighbours())
                        .extracting(NeighbourReward::task)
                        .containsExactly("n1", "n3"));
        assertThat(group.calls()).isEqualTo(new CallCount(9, 8, 0, 0, 0, 1));
    }

    @Test
    void aFailureThatPassesIsTriedAgain() {
        int[] failures = {1};
        ScriptedLanguageModel shaky = ScriptedLanguageModel.answering(request -> {
            if (request.messages().getLast().content().contains("parcel n3") && failures[0]-- > 0) {
                throw new UmemException(ErrorKind.REMOTE, "try again");
            }
            return answer(request);
        });
        GroupReward group = evaluate(executor(shaky), RewardMode.PAPER, neighbours, add("rule red"));
        assertThat(group.dropped()).isEmpty();
        assertThat(group.candidates().getFirst().marginalUtility()).isEqualTo(2.0 / 3);
    }

    @Test
    void anExecutorThatAlwaysFailsLeavesNothingToCommit() {
        ScriptedLanguageModel dead =
                ScriptedLanguageModel.failing(new UmemException(ErrorKind.REMOTE, "the endpoint is gone"));
        Trajectory trajectory = trajectory();
        GroupReward group = new GroupEvaluator(executor(dead), encoder, RewardOptions.paper())
                .evaluate(trajectory, List.of(add("rule red"), malformed()), neighbours, bank);
        assertThat(group.dropped()).containsExactly("n1", "n2", "n3");
        assertThat(group.totals()).containsExactly(1, 0);
        assertThat(CommitRule.paper().choose(group)).isEmpty();

        ScriptedLanguageModel interrupted =
                ScriptedLanguageModel.failing(new UmemException(ErrorKind.INTERRUPTED, "interrupted"));
        assertThatThrownBy(() -> new GroupEvaluator(executor(interrupted), encoder, RewardOptions.paper())
                        .evaluate(trajectory, List.of(add("rule red")), neighbours, bank))
                .isInstanceOf(UmemException.class)
                .hasMessage("interrupted");
    }

    @Test
    void theOrderOfNeighboursAndCandidatesDoesNotMatter() throws Exception {
        remember("red parcel shelf", "rule red");
        remember("blue parcel shelf", "chatter");
        Seed.run(random -> {
            List<Proposal> group = new ArrayList<>();
            List<String> values = List.of("rule red", "rule blue", "trap red", "trap blue", "be brief", "nothing");
            for (int g = 0; g < 8; g++) {
                String value = values.get(random.nextInt(values.size()));
                group.add(
                        random.nextInt(5) == 0
                                ? malformed()
                                : random.nextBoolean() ? add(value) : update(random.nextInt(2), value));
            }
            GroupReward reward = evaluate(RewardMode.PAPER, neighbours, group.toArray(Proposal[]::new));
            CallCount calls = reward.calls();
            assertThat(calls.needed()).isLessThanOrEqualTo(3 + 3 * 8);
            assertThat(calls.run()
                            + calls.fromCache()
                            + calls.unchangedRetrieval()
                            + calls.duplicateCandidate()
                            + calls.failed())
                    .isEqualTo(calls.needed());

            List<Task> otherOrder = new ArrayList<>(neighbours);
            Collections.shuffle(otherOrder, random);
            List<Proposal> shuffled = new ArrayList<>(group);
            Collections.shuffle(shuffled, random);
            // Another executor: nothing is in its cache.
            GroupReward other = evaluate(
                    executor(ScriptedLanguageModel.answering(GroupEvaluatorTest::answer)),
                    RewardMode.PAPER,
                    otherOrder,
                    shuffled.toArray(Proposal[]::new));
            for (int g = 0; g < group.size(); g++) {
                assertThat(other.totals()[shuffled.indexOf(group.get(g))]).isEqualTo(reward.totals()[g], within(1e-12));
            }
        });
    }
}
