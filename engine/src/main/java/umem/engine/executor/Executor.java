package umem.engine.executor;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import umem.engine.language.GenerationRequest;
import umem.engine.language.LanguageModel;
import umem.engine.language.Sampling;
import umem.engine.memory.RetrievedMemory;
import umem.engine.task.AnswerMatcher;
import umem.engine.task.Task;
import umem.error.UmemException;

/// The executor `E`: a frozen language model that solves tasks with past experiences in its prompt, greedily (spec,
/// section 2).
///
/// Safe for all threads. Does not own the model.
public final class Executor {
    private final LanguageModel model;
    private final Prompts prompts;
    private final ExecutionCache cache;
    private final int maxTokens;

    /// @param maxTokens the longest output, at least 1
    public Executor(LanguageModel model, Prompts prompts, ExecutionCache cache, int maxTokens) {
        this.model = model;
        this.prompts = prompts;
        this.cache = cache;
        this.maxTokens = maxTokens;
    }

    /// Solves a task: `(tau_q, y_q) = E(q, B_topK)`.
    ///
    /// @param task the task
    /// @param memories what was retrieved for it, best first
    /// @return completes with the trajectory, or exceptionally with a [UmemException]
    public CompletableFuture<Trajectory> submit(Task task, List<RetrievedMemory> memories) {
        GenerationRequest request = new GenerationRequest(
                prompts.render(prompt(task), PromptVariables.of(task, memories)), Sampling.greedy(maxTokens));
        return cache.get(model.fingerprint(), request, () -> model.submit(request))
                .thenApply(found -> {
                    String output = found.generation().text();
                    @Nullable String answer = AnswerExtractor.extract(output);
                    boolean correct = answer != null && AnswerMatcher.matches(task, answer);
                    @Nullable
                    String reply =
                            task.feedback() == null ? null : task.feedback().reply(correct);
                    return new Trajectory(
                            task,
                            memories,
                            output,
                            answer,
                            correct,
                            reply,
                            found.generation().promptTokens(),
                            found.generation().completionTokens(),
                            found.cached());
                });
    }

    /// Solves a task and waits.
    ///
    /// @throws UmemException if the model fails
    public Trajectory execute(Task task, List<RetrievedMemory> memories) {
        return await(submit(task, memories));
    }

    /// Solves tasks without memories, side by side: the baseline "No Memory".
    ///
    /// @return one trajectory a task, in order
    /// @throws UmemException the first failure
    public List<Trajectory> executeAll(List<Task> tasks) {
        List<CompletableFuture<Trajectory>> running =
                tasks.stream().map(task -> submit(task, List.of())).toList();
        List<Trajectory> trajectories = new ArrayList<>(running.size());
        for (CompletableFuture<Trajectory> future : running) {
            trajectories.add(await(future));
        }
        return trajectories;
    }

    /// Waits for a trajectory and unwraps what went wrong.
    ///
    /// @throws UmemException if the model failed
    public static Trajectory await(CompletableFuture<Trajectory> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof UmemException failure) {
                throw failure;
            }
            throw e;
        }
    }

    private static Prompts.Name prompt(Task task) {
        return switch (task.kind()) {
            case MULTIPLE_CHOICE -> Prompts.Name.EXECUTOR_MULTIPLE_CHOICE;
            case MATHS -> Prompts.Name.EXECUTOR_MATHS;
            case QUESTION_ANSWERING -> Prompts.Name.EXECUTOR_QUESTION_ANSWERING;
        };
    }

    /// How many tasks the model works on at the same time, at least 1.
    public int parallelism() {
        return model.parallelism();
    }

    /// A short name for reports.
    public String name() {
        return model.name();
    }

    /// Identifies model, prompts and limits: what decides a trajectory besides task and memories.
    public String fingerprint() {
        return model.fingerprint()
                + "+"
                + prompts.fingerprint(
                                Prompts.Name.EXECUTOR_MULTIPLE_CHOICE,
                                Prompts.Name.EXECUTOR_MATHS,
                                Prompts.Name.EXECUTOR_QUESTION_ANSWERING)
                        .substring(0, 16)
                + "+" + maxTokens;
    }

    /// Executions that were really run, and those that the cache saved.
    public ExecutionCache cache() {
        return cache;
    }
}
