package umem.engine.neighborhood;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import umem.engine.task.AtomicLines;
import umem.engine.task.PublishedRow;
import umem.engine.task.Task;
import umem.engine.task.TaskReader;

/// Tasks and neighbourhoods in the published form, in which every task carries its neighbours as whole tasks in the
/// columns `similar_queries`, `similar_choices` and `similar_gt` ([PublishedRow]). It has no similarities.
///
/// @param tasks the rows' tasks
/// @param others tasks that occur only as neighbours
/// @param neighborhoods of the rows' tasks, each similarity NaN
/// @param leftOut neighbours that are no further task: they have the text of the task itself, or of a neighbour before
public record PublishedNeighborhoods(List<Task> tasks, List<Task> others, Neighborhoods neighborhoods, int leftOut) {

    /// Reads a file.
    ///
    /// @param file `*.jsonl`, `*.jsonl.gz` or `*.parquet`
    /// @throws UmemException of kind INPUT if it is missing or malformed; the message says where
    public static PublishedNeighborhoods read(Path file) {
        List<PublishedRow> rows = TaskReader.readPublished(file);
        Map<String, Task> tasks = new LinkedHashMap<>();
        rows.forEach(row -> tasks.put(row.task().id(), row.task()));
        Map<String, Task> others = new LinkedHashMap<>();
        Map<String, List<Neighbor>> byTask = new LinkedHashMap<>();
        int leftOut = 0;
        for (PublishedRow row : rows) {
            Map<String, Neighbor> neighbors = new LinkedHashMap<>();
            for (Task neighbor : row.similar()) {
                if (neighbor.id().equals(row.task().id())
                        || neighbors.putIfAbsent(neighbor.id(), new Neighbor(neighbor.id(), Float.NaN)) != null) {
                    leftOut++;
                } else if (!tasks.containsKey(neighbor.id())) {
                    others.putIfAbsent(neighbor.id(), neighbor);
                }
            }
            byTask.put(row.task().id(), List.copyOf(neighbors.values()));
        }
        return new PublishedNeighborhoods(
                List.copyOf(tasks.values()), List.copyOf(others.values()), new Neighborhoods(byTask), leftOut);
    }

    /// Writes tasks with their neighbours as JSON lines; a file is replaced at once when all is on disk, or not at all.
    /// `pandas.read_json(file, lines=True).to_parquet(...)` makes of it what the published code loads.
    ///
    /// @param tasks the tasks and all their neighbours
    /// @throws UmemException of kind INPUT if a task has no neighbourhood, a neighbour is not among the tasks, or the
    ///     form has no place for a task; STORAGE if the file cannot be written
    public static void write(List<Task> tasks, Neighborhoods neighborhoods, Path file) {
        Map<String, Task> byId = new LinkedHashMap<>();
        tasks.forEach(task -> byId.putIfAbsent(task.id(), task));
        neighborhoods.requireFor(byId.keySet());
        AtomicLines.write(
                file,
                "tasks with neighbours",
                byId.values(),
                task -> new PublishedRow(
                                task,
                                neighborhoods.of(task.id()).stream()
                                        .flatMap(neighbor -> Stream.ofNullable(byId.get(neighbor.id())))
                                        .toList())
                        .write());
    }
}
