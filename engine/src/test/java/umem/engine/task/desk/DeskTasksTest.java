package umem.engine.task.desk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import umem.engine.task.AnswerMatcher;
import umem.engine.task.Task;

class DeskTasksTest {
    private static final int TASKS = 240;

    @Test
    void aSeedNamesItsTasks() {
        assertThat(DeskTasks.stream(TASKS, 5, Split.TRAIN)).isEqualTo(DeskTasks.stream(TASKS, 5, Split.TRAIN));
        assertThat(DeskTasks.stream(TASKS, 5, Split.TRAIN)).isNotEqualTo(DeskTasks.stream(TASKS, 6, Split.TRAIN));
    }

    @Test
    void practiceFollowsTheRulesOfTheStreamAndLeavesItAsItIs() {
        DeskTasks.Practised practised = DeskTasks.practised(48, 3, Split.TEST, 4);
        assertThat(practised.tasks()).isEqualTo(DeskTasks.stream(48, 3, Split.TEST));
        assertThat(practised.practice()).hasSizeBetween(24, 32);
        Set<String> rules = new HashSet<>();
        Set<String> questions = new HashSet<>();
        Set<String> ids = new HashSet<>();
        for (Task task : practised.tasks()) {
            rules.add(attribute(task, "rule"));
            questions.add(task.question());
            ids.add(task.id());
        }
        for (Task task : practised.practice()) {
            assertThat(rules).contains(attribute(task, "rule"));
            assertThat(questions).doesNotContain(task.question());
            assertThat(ids.add(task.id())).isTrue();
        }
    }

    @Test
    void atLeastTwentyFourFamiliesAndAFewUnseen() {
        assertThat(DeskTasks.families()).hasSizeGreaterThanOrEqualTo(24);
        assertThat(DeskTasks.families().stream().map(DeskTasks.FamilyInfo::name))
                .doesNotHaveDuplicates();
        assertThat(DeskTasks.families().stream().map(DeskTasks.FamilyInfo::kind).collect(Collectors.toSet()))
                .containsExactlyInAnyOrder(FamilyKind.values());
        assertThat(DeskTasks.mix(Split.TEST_UNSEEN)).hasSizeGreaterThanOrEqualTo(4);
        assertThat(DeskTasks.mix(Split.TEST)).doesNotContainAnyElementsOf(DeskTasks.mix(Split.TEST_UNSEEN));
        assertThat(DeskTasks.mix(Split.TEST)).isEqualTo(DeskTasks.mix(Split.TRAIN));
    }

    @Test
    void noRuleIsInTwoSplits() {
        Map<Split, Set<String>> rules = new EnumMap<>(Split.class);
        for (Split split : Split.values()) {
            Set<String> of = new HashSet<>();
            for (long seed = 0; seed < 8; seed++) {
                DeskTasks.stream(TASKS, seed, split).forEach(t -> of.add(attribute(t, "rule")));
            }
            rules.values().forEach(others -> assertThat(of).doesNotContainAnyElementsOf(others));
            rules.put(split, of);
        }
    }

    @ParameterizedTest
    @EnumSource(Split.class)
    void everyTwentyFourTasksHoldFourToSixClustersMixedWithOneAnother(Split split) {
        for (long seed = 0; seed < 20; seed++) {
            List<Task> stream = DeskTasks.stream(24, seed, split);
            List<String> clusters =
                    stream.stream().map(t -> attribute(t, "cluster")).toList();
            assertThat(new HashSet<>(clusters)).hasSizeBetween(4, 6);
            long changes = java.util.stream.IntStream.range(1, 24)
                    .filter(i -> !clusters.get(i).equals(clusters.get(i - 1)))
                    .count();
            assertThat(changes).as("seed %d", seed).isGreaterThan(8);
            clusters.forEach(c -> assertThat(Collections.frequency(clusters, c)).isGreaterThanOrEqualTo(4));
        }
    }

    @Test
    void aClusterSharesItsRuleAndNothingElseDoes() {
        Map<String, String> ruleOf = new HashMap<>();
        for (Task t : DeskTasks.stream(TASKS, 3, Split.TEST)) {
            String rule = attribute(t, "rule");
            assertThat(ruleOf.computeIfAbsent(attribute(t, "cluster"), c -> rule))
                    .isEqualTo(rule);
        }
        assertThat(ruleOf.values()).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @EnumSource(Split.class)
    void questionsAndIdsAreUnique(Split split) {
        List<Task> stream = DeskTasks.stream(TASKS, 11, split);
        assertThat(stream).hasSize(TASKS);
        assertThat(stream.stream().map(Task::question)).doesNotHaveDuplicates();
        assertThat(stream.stream().map(Task::id)).doesNotHaveDuplicates();
    }

    @Test
    void wrongArgumentsAreRefused() {
        assertThatThrownBy(() -> DeskTasks.stream(0, 1, Split.TEST)).hasMessageContaining("tasks 0");
        assertThatThrownBy(() -> DeskTasks.stream(5, 1, Split.TEST, Set.of("nonsense"), 6))
                .hasMessageContaining("nonsense")
                .hasMessageContaining("parcel-weight");
        assertThatThrownBy(() -> DeskTasks.stream(5, 1, Split.TEST, DeskTasks.mix(Split.TEST_UNSEEN), 6))
                .hasMessageContaining("does not belong to split test");
        assertThatThrownBy(() -> DeskTasks.stream(5, 1, Split.TEST_UNSEEN, DeskTasks.mix(Split.TEST), 6))
                .hasMessageContaining("does not belong to split test-unseen");
        assertThatThrownBy(() -> DeskTasks.stream(5, 1, Split.TEST, Set.of(), 6))
                .hasMessageContaining("no families");
        assertThatThrownBy(() -> DeskTasks.stream(5, 1, Split.TEST, DeskTasks.mix(Split.TEST), 1))
                .hasMessageContaining("casesPerRule 1");
    }

    @Test
    void anAnswerMayBearItsUnitOrLeaveOutWhatAllOptionsShare() {
        for (Task t : DeskTasks.stream(6, 1, Split.TEST, Set.of("delivery-fee"), 6)) {
            String euros = t.answers().getFirst();
            assertThat(AnswerMatcher.matches(t, euros + " euros")).isTrue();
            assertThat(AnswerMatcher.matches(t, euros)).isTrue();
            assertThat(AnswerMatcher.matches(t, euros + "0")).isFalse();
        }
        for (Task t : DeskTasks.stream(6, 1, Split.TEST, Set.of("delivery-day"), 6)) {
            String ramp = t.answers().getFirst();
            assertThat(ramp).startsWith("ramp ");
            assertThat(AnswerMatcher.matches(t, ramp)).isTrue();
            assertThat(AnswerMatcher.matches(t, ramp.substring(5))).isTrue();
            assertThat(AnswerMatcher.matches(t, "ramp")).isFalse();
        }
        for (Task t : DeskTasks.stream(6, 1, Split.TEST, Set.of("parcel-weight"), 6)) {
            assertThat(t.answers()).hasSize(1);
        }
    }

    @Test
    void theCasesOfAFamilyDoNotDependOnTheOthers() {
        List<String> alone = DeskTasks.stream(6, 4, Split.TEST, Set.of("room-code"), 6).stream()
                .map(Task::question)
                .toList();
        assertThat(DeskTasks.stream(24, 4, Split.TEST, Set.of("room-code", "letter-topic"), 6).stream()
                        .map(Task::question))
                .containsAll(alone);
    }

    @Test
    void familiesBeyondTheExecutorAreThereWhenAskedFor() {
        Set<String> beyond = new TreeSet<>();
        DeskTasks.families().stream().filter(f -> !f.mixed()).forEach(f -> beyond.add(f.name()));
        assertThat(beyond).isNotEmpty();
        assertThat(DeskTasks.stream(24, 1, Split.TRAIN, beyond, 6).stream().map(t -> attribute(t, "family")))
                .isSubsetOf(beyond);
    }

    static String attribute(Task task, String name) {
        return Objects.requireNonNull(task.attributes().get(name), name);
    }
}
