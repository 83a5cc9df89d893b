package umem.bench.headroom;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import umem.engine.executor.Trajectory;
import umem.engine.memory.RetrievedMemory;
import umem.engine.task.Task;
import umem.engine.task.TaskKind;
import umem.engine.task.desk.DeskTasks;
import umem.engine.task.desk.Split;

class HeadroomTest {
    @Test
    void countsTasksFamiliesAndOutputsWithAnAnswer() {
        Map<Setting, List<Trajectory>> runs = new EnumMap<>(Setting.class);
        runs.put(Setting.NO_MEMORY, run("0000 0001", "....... "));
        runs.put(Setting.TRUE_RULE, run("1111 0111", "........"));
        runs.put(Setting.TRUE_RULE_AMONG_OTHERS, run("1101 0111", "........"));
        runs.put(Setting.NEIGHBOUR_FEEDBACK, run("1000 1001", "......  "));

        Headroom headroom = Headroom.of("model", runs);

        assertThat(headroom.tasks()).isEqualTo(8);
        assertThat(headroom.share(Setting.NO_MEMORY).value()).isEqualTo(1 / 8.0);
        assertThat(headroom.share(Setting.TRUE_RULE).value()).isEqualTo(7 / 8.0);
        assertThat(headroom.share(Setting.TRUE_RULE_AMONG_OTHERS).value()).isEqualTo(6 / 8.0);
        assertThat(headroom.share(Setting.NEIGHBOUR_FEEDBACK).value()).isEqualTo(3 / 8.0);
        assertThat(headroom.boxed()).isEqualTo(29 / 32.0);
        assertThat(headroom.families()).containsOnlyKeys("family-0", "family-1");
        assertThat(Objects.requireNonNull(headroom.families().get("family-1")).get(Setting.TRUE_RULE))
                .extracting(Share::correct, Share::tasks)
                .containsExactly(3, 4);
    }

    @Test
    void theIntervalIsOverClusters() {
        List<List<Boolean>> alike = new ArrayList<>();
        List<List<Boolean>> mixed = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            boolean solved = i % 2 == 0;
            alike.add(List.of(solved, solved, solved, solved));
            mixed.add(List.of(true, false, true, false));
        }
        Share clustered = Share.of(alike);
        assertThat(clustered.value()).isEqualTo(0.5);
        // Sixteen coins: the standard error is 1/8.
        assertThat(clustered.low()).isCloseTo(0.5 - 1.96 / 8, within(0.04));
        assertThat(clustered.high()).isCloseTo(0.5 + 1.96 / 8, within(0.04));
        assertThat(Share.of(mixed)).extracting(Share::low, Share::high).containsExactly(0.5, 0.5);
        assertThat(Share.of(alike)).isEqualTo(clustered);
    }

    @Test
    void everySettingRemembersWhatItSays() {
        List<Task> stream = DeskTasks.stream(48, 7, Split.TEST);
        SettingMemories memories = new SettingMemories(stream, 7);
        int firstIsTrue = 0;
        for (Task task : stream) {
            String rule = task.attributes().get("rule");
            assertThat(memories.of(Setting.NO_MEMORY, task)).isEmpty();
            assertThat(values(memories.of(Setting.TRUE_RULE, task))).containsExactly(rule);

            List<String> three = values(memories.of(Setting.TRUE_RULE_AMONG_OTHERS, task));
            assertThat(three).hasSize(3).doesNotHaveDuplicates().contains(rule);
            firstIsTrue += three.getFirst().equals(rule) ? 1 : 0;

            String reply = values(memories.of(Setting.NEIGHBOUR_FEEDBACK, task)).getFirst();
            assertThat(stream.stream()
                            .filter(t -> t.feedback() != null
                                    && t.feedback().rejected().equals(reply)))
                    .singleElement()
                    .satisfies(t -> assertThat(t.id()).isNotEqualTo(task.id()))
                    .satisfies(t -> assertThat(t.attributes()).containsEntry("rule", rule));
            assertThat(memories.of(Setting.NEIGHBOUR_FEEDBACK, task))
                    .isEqualTo(memories.of(Setting.NEIGHBOUR_FEEDBACK, task));
        }
        assertThat(firstIsTrue).isBetween(5, 30);

        List<Task> shorter = DeskTasks.stream(24, 7, Split.TEST);
        SettingMemories of = new SettingMemories(shorter, 7);
        for (Task task : shorter) {
            for (Setting setting : Setting.values()) {
                assertThat(of.of(setting, task)).isEqualTo(memories.of(setting, task));
            }
        }
    }

    private static List<String> values(List<RetrievedMemory> memories) {
        return memories.stream().map(m -> m.entry().values().getFirst()).toList();
    }

    /// One trajectory for each 0 (wrong) or 1 (right); a space begins the next family, and each family is one cluster.
    ///
    /// @param boxes a point for an output with an answer, a space for one without
    private static List<Trajectory> run(String outcomes, String boxes) {
        List<Trajectory> run = new ArrayList<>();
        int family = 0;
        for (int i = 0; i < outcomes.length(); i++) {
            char outcome = outcomes.charAt(i);
            if (outcome == ' ') {
                family++;
                continue;
            }
            Map<String, String> attributes = Map.of("family", "family-" + family, "cluster", "c" + family);
            Task task = new Task(
                    "t" + run.size(),
                    TaskKind.QUESTION_ANSWERING,
                    "q",
                    List.of(),
                    null,
                    List.of("a"),
                    null,
                    attributes);
            boolean boxed = boxes.charAt(run.size()) == '.';
            run.add(new Trajectory(task, List.of(), "out", boxed ? "a" : null, outcome == '1', null, 1, 1, false));
        }
        return run;
    }
}
