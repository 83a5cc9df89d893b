package umem.engine.neighborhood;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import umem.engine.embedding.Encoder;
import umem.engine.search.FlatIndex;
import umem.engine.search.Hit;
import umem.engine.task.Task;

/// The neighbours of any query in a set of tasks, found when they are asked for: `N_N(q)` of spec section 4 for streams
/// whose queries need not be in that set. What is the query again (same id, same normalised text, or above the bound on
/// near-duplicates) is no neighbour. For all tasks of a large file, build them once instead ([NeighborhoodSearch]).
///
/// Safe for all threads. Owns its index, not the encoder.
public final class NearestTasks implements Function<Task, List<Task>>, AutoCloseable {
    private final List<Task> tasks;
    private final Encoder encoder;
    private final FlatIndex index;
    private final int n;
    private final double maxSimilarity;

    /// Embeds the tasks.
    ///
    /// @param tasks where neighbours are taken from
    /// @param n neighbours a query, at least 1 (paper: 3)
    /// @param maxSimilarity cosine above which a task is a near-duplicate
    public NearestTasks(List<Task> tasks, Encoder encoder, int n, double maxSimilarity) {
        if (n < 1) {
            throw new IllegalArgumentException("n " + n + " is below 1");
        }
        this.tasks = distinct(tasks);
        this.encoder = encoder;
        this.n = n;
        this.maxSimilarity = maxSimilarity;
        index = new FlatIndex(encoder.dimension());
        for (int i = 0; i < this.tasks.size(); i++) {
            index.add(i, encoder.encode(this.tasks.get(i).question()));
        }
    }

    private static List<Task> distinct(List<Task> tasks) {
        Map<String, Task> byText = new HashMap<>();
        List<Task> distinct = new ArrayList<>();
        for (Task task : tasks) {
            if (byText.putIfAbsent(TaskTexts.normalized(task), task) == null) {
                distinct.add(task);
            }
        }
        return List.copyOf(distinct);
    }

    /// The neighbours of a task, nearest first; equally near ones in the order of the tasks. May be fewer than `n`.
    @Override
    public List<Task> apply(Task query) {
        String text = TaskTexts.normalized(query);
        float[] vector = encoder.encode(query.question());
        List<Hit> hits = index.search(vector, tasks.size(), Float.NEGATIVE_INFINITY, id -> {
            Task task = tasks.get((int) id);
            return !task.id().equals(query.id()) && !TaskTexts.normalized(task).equals(text);
        });
        return hits.stream()
                .filter(hit -> hit.score() <= maxSimilarity)
                .limit(n)
                .map(hit -> tasks.get((int) hit.id()))
                .toList();
    }

    @Override
    public void close() {
        index.close();
    }
}
