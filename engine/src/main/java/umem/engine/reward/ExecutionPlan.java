package umem.engine.reward;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import umem.engine.executor.Executor;
import umem.engine.executor.Trajectory;
import umem.engine.memory.RetrievedMemory;
import umem.engine.task.Task;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// All executions that a group needs, each once: collected, ordered so that prompts with a common beginning come
/// together, and run side by side. One thread.
final class ExecutionPlan {
    /// Equal keys make equal prompts.
    private record Key(String task, List<List<String>> shown) {}

    private record Execution(Task task, List<RetrievedMemory> memories) {}

    private final Map<Key, Execution> executions = new LinkedHashMap<>();
    private final Map<Key, Trajectory> trajectories = new LinkedHashMap<>();
    private int wanted;
    private int run;
    private int fromCache;
    private int failed;

    /// Asks for an execution. The same one may be asked for any number of times.
    void add(Task task, List<RetrievedMemory> memories) {
        wanted++;
        executions.putIfAbsent(key(task, memories), new Execution(task, memories));
    }

    /// Runs everything.
    ///
    /// @param retries how often one that failed is tried again
    /// @throws UmemException only if interrupted; other failures leave an execution without a result
    void run(Executor executor, int retries) {
        List<Map.Entry<Key, Execution>> left = new ArrayList<>(executions.entrySet());
        left.sort(Comparator.comparing(e -> prefix(e.getKey(), e.getValue())));
        for (int round = 0; !left.isEmpty() && round <= retries; round++) {
            left = attempt(executor, left);
        }
        failed = left.size();
        fromCache += wanted - executions.size();
    }

    private List<Map.Entry<Key, Execution>> attempt(Executor executor, List<Map.Entry<Key, Execution>> wave) {
        List<CompletableFuture<Trajectory>> running = new ArrayList<>(wave.size());
        List<Map.Entry<Key, Execution>> failures = new ArrayList<>();
        try {
            for (Map.Entry<Key, Execution> entry : wave) {
                Execution execution = entry.getValue();
                running.add(executor.submit(execution.task(), execution.memories()));
            }
            for (int i = 0; i < wave.size(); i++) {
                try {
                    Trajectory trajectory = Executor.await(running.get(i));
                    trajectories.put(wave.get(i).getKey(), trajectory);
                    run += trajectory.cached() ? 0 : 1;
                    fromCache += trajectory.cached() ? 1 : 0;
                } catch (UmemException e) {
                    if (e.kind() == ErrorKind.INTERRUPTED) {
                        throw e;
                    }
                    failures.add(wave.get(i));
                }
            }
        } finally {
            running.forEach(future -> future.cancel(true));
        }
        return failures;
    }

    /// The result of an execution that was asked for, or null if it failed.
    @Nullable
    Outcome outcome(Task task, List<RetrievedMemory> memories) {
        Trajectory trajectory = trajectories.get(key(task, memories));
        return trajectory == null ? null : Outcome.of(trajectory);
    }

    /// Executions really made.
    int run() {
        return run;
    }

    /// Executions that were known, or asked for before.
    int fromCache() {
        return fromCache;
    }

    /// Executions without a result.
    int failed() {
        return failed;
    }

    /// Whether two lists of memories make the same prompt.
    static boolean same(List<RetrievedMemory> a, List<RetrievedMemory> b) {
        return shown(a).equals(shown(b));
    }

    private static Key key(Task task, List<RetrievedMemory> memories) {
        return new Key(task.id(), shown(memories));
    }

    private static List<List<String>> shown(List<RetrievedMemory> memories) {
        return memories.stream().map(memory -> memory.entry().values()).toList();
    }

    /// What decides how prompts begin: the template, then the memories, then the task.
    private static String prefix(Key key, Execution execution) {
        return execution.task().kind() + "\n" + key.shown() + "\n" + key.task();
    }
}
