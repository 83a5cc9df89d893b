package umem.engine.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static umem.engine.testing.Samples.memories;
import static umem.engine.testing.Samples.task;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import umem.engine.memory.RetrievedMemory;
import umem.engine.task.Task;
import umem.engine.task.TaskKind;
import umem.engine.testing.ScriptedLanguageModel;
import umem.error.ErrorKind;
import umem.error.UmemException;

class ExecutorTest {
    private static Executor executor(ScriptedLanguageModel model) {
        return new Executor(model, Prompts.standard(), ExecutionCache.inMemory(), 64);
    }

    @Test
    void solvesWithItsMemories() {
        // The answer is in the memory only: without it the model is wrong.
        ScriptedLanguageModel model = ScriptedLanguageModel.answering(request ->
                request.messages().getLast().content().contains("- Say 42.") ? "Fine. \\boxed{42}" : "\\boxed{7}");
        Executor executor = executor(model);
        Task task = task(TaskKind.MATHS);
        Trajectory without = executor.execute(task, List.of());
        List<RetrievedMemory> memories = memories("Say 42.");
        Trajectory with = executor.execute(task, memories);

        assertThat(without.correct()).isFalse();
        assertThat(without.answer()).isEqualTo("7");
        assertThat(with.correct()).isTrue();
        assertThat(with.answer()).isEqualTo("42");
        assertThat(with.output()).isEqualTo("Fine. \\boxed{42}");
        assertThat(with.memories()).isEqualTo(memories);
        assertThat(with.completionTokens()).isEqualTo(2);
        assertThat(with.promptTokens()).isPositive();
        assertThat(with.reply()).isNull();
        assertThat(model.requests())
                .allMatch(request -> request.sampling().isGreedy()
                        && request.sampling().maxTokens() == 64
                        && request.grammar() == null);
    }

    @Test
    void theKindOfTaskChoosesThePrompt() {
        ScriptedLanguageModel model = ScriptedLanguageModel.answering("\\boxed{(B)}");
        Executor executor = executor(model);
        assertThat(executor.execute(task(TaskKind.MULTIPLE_CHOICE), List.of()).correct())
                .isTrue();
        assertThat(model.lastPrompt()).contains("1. green");
        assertThat(executor.execute(task(TaskKind.MATHS), List.of()).correct()).isFalse();
        assertThat(model.lastPrompt()).startsWith("Problem: ");
        assertThat(executor.execute(task(TaskKind.QUESTION_ANSWERING), List.of())
                        .correct())
                .isFalse();
        assertThat(model.lastPrompt()).contains("A text to read.");
    }

    @Test
    void anOutputWithoutAnswerIsAFailureThatIsKept() {
        Trajectory trajectory =
                executor(ScriptedLanguageModel.answering("I don't know")).execute(task(TaskKind.MATHS), List.of());
        assertThat(trajectory.answer()).isNull();
        assertThat(trajectory.correct()).isFalse();
        assertThat(trajectory.output()).isEqualTo("I don't know");
    }

    @Test
    void theEnvironmentReplies() {
        Task task = new Task(
                "t",
                TaskKind.QUESTION_ANSWERING,
                "q",
                List.of(),
                null,
                List.of("a b"),
                new Task.Feedback("+", "-"),
                Map.of());
        assertThat(executor(ScriptedLanguageModel.answering("\\boxed{A b.}"))
                        .execute(task, List.of())
                        .reply())
                .isEqualTo("+");
        assertThat(executor(ScriptedLanguageModel.answering("\\boxed{x}"))
                        .execute(task, List.of())
                        .reply())
                .isEqualTo("-");
        assertThat(executor(ScriptedLanguageModel.answering(""))
                        .execute(task, List.of())
                        .reply())
                .isEqualTo("-");
    }

    @Test
    void theSameExecutionRunsOnce() {
        ScriptedLanguageModel model = ScriptedLanguageModel.answering("\\boxed{42}");
        Executor executor = executor(model);
        Task task = task(TaskKind.MATHS);
        Trajectory first = executor.execute(task, memories("a"));
        Trajectory second = executor.execute(task, memories("a"));
        assertThat(model.calls()).isEqualTo(1);
        assertThat(first.cached()).isFalse();
        assertThat(second.cached()).isTrue();
        assertThat(second.sha256()).isEqualTo(first.sha256());
        assertThat(second.completionTokens()).isEqualTo(first.completionTokens());
        executor.execute(task, memories("b"));
        assertThat(model.calls()).isEqualTo(2);
    }

    @Test
    void solvesManyInOrder() {
        ScriptedLanguageModel model = ScriptedLanguageModel.answering(request -> {
            String prompt = request.messages().getLast().content();
            return "\\boxed{" + prompt.substring(prompt.lastIndexOf(' ') + 1) + "}";
        });
        List<Task> tasks = java.util.stream.IntStream.range(0, 20)
                .mapToObj(i -> new Task(
                        "t" + i, TaskKind.MATHS, "say " + i, List.of(), null, List.of("" + i % 7), null, Map.of()))
                .toList();
        List<Trajectory> trajectories = executor(model).executeAll(tasks);
        for (int i = 0; i < 20; i++) {
            assertThat(trajectories.get(i).task()).isEqualTo(tasks.get(i));
            assertThat(trajectories.get(i).answer()).isEqualTo("" + i);
            assertThat(trajectories.get(i).correct()).isEqualTo(i < 7);
        }
    }

    @Test
    void aFailureOfTheModelComesOutAsItIsAndIsNotRemembered() {
        UmemException failure = new UmemException(ErrorKind.REMOTE, "the endpoint gave up");
        boolean[] failing = {true};
        Executor executor = executor(ScriptedLanguageModel.answering(request -> {
            if (failing[0]) {
                throw failure;
            }
            return "\\boxed{42}";
        }));
        Task task = task(TaskKind.MATHS);
        assertThatThrownBy(() -> executor.execute(task, List.of())).isSameAs(failure);
        assertThatThrownBy(() -> executor.executeAll(List.of(task))).isSameAs(failure);
        failing[0] = false;
        assertThat(executor.execute(task, List.of()).correct()).isTrue();
        IllegalStateException fault = new IllegalStateException("a fault of ours");
        assertThatThrownBy(() -> executor(ScriptedLanguageModel.failing(fault)).execute(task, List.of()))
                .hasCause(fault);
    }

    @Test
    void theFingerprintNamesModelAndLimit() {
        ScriptedLanguageModel model = ScriptedLanguageModel.answering("");
        assertThat(executor(model).fingerprint())
                .startsWith("scripted-1+")
                .isEqualTo(executor(model).fingerprint())
                .isNotEqualTo(new Executor(model, Prompts.standard(), ExecutionCache.inMemory(), 65).fingerprint());
        assertThat(executor(model).name()).isEqualTo("scripted");
    }

    @Test
    void theHashOfATrajectorySaysWhatHappened() {
        Task task = task(TaskKind.MATHS);
        List<RetrievedMemory> memories = memories("a", "b");
        String hash = trajectory(task, memories, "out", true).sha256();
        assertThat(hash)
                .matches("[0-9a-f]{64}")
                .isEqualTo(trajectory(task, memories, "out", true).sha256());
        assertThat(List.of(
                        hash,
                        trajectory(task(TaskKind.MULTIPLE_CHOICE), memories, "out", false)
                                .sha256(),
                        trajectory(task, memories("a"), "out", true).sha256(),
                        trajectory(task, memories.reversed(), "out", true).sha256(),
                        trajectory(task, memories, "out\0", true).sha256(),
                        trajectory(task, memories, "", true).sha256(),
                        trajectory(task, List.of(), "entry-0\0" + "1\0entry-1\0" + "1\0out", true)
                                .sha256()))
                .doesNotHaveDuplicates();
    }

    private static Trajectory trajectory(Task task, List<RetrievedMemory> memories, String output, boolean correct) {
        return new Trajectory(task, memories, output, "x", correct, null, 3, 4, false);
    }
}
