package umem.engine.neighborhood;

import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The semantic neighbourhoods `N_N(q)` of a set of tasks (spec section 4): for each task the nearest others, best
/// first. Immutable, safe for all threads.
public final class Neighborhoods {
    private final Map<String, List<Neighbor>> byTask;

    /// @param byTask the neighbours of each task by its id, best first; tasks come in the order of the map
    /// @throws IllegalArgumentException if a task is its own neighbour or has a neighbour twice
    public Neighborhoods(Map<String, List<Neighbor>> byTask) {
        Map<String, List<Neighbor>> copy = new LinkedHashMap<>(byTask.size() * 2);
        byTask.forEach((id, neighbors) -> {
            Set<String> seen = new HashSet<>();
            for (Neighbor neighbor : neighbors) {
                if (neighbor.id().equals(id)) {
                    throw new IllegalArgumentException("task \"" + id + "\" is its own neighbour");
                }
                if (!seen.add(neighbor.id())) {
                    throw new IllegalArgumentException(
                            "task \"" + id + "\" has the neighbour \"" + neighbor.id() + "\" twice");
                }
            }
            copy.put(id, List.copyOf(neighbors));
        });
        this.byTask = copy;
    }

    /// Tasks that have a neighbourhood, an empty one included.
    public int size() {
        return byTask.size();
    }

    /// Their ids, in the order of the file or of the tasks.
    public List<String> taskIds() {
        return List.copyOf(byTask.keySet());
    }

    /// Whether the task is one of them.
    public boolean contains(String taskId) {
        return byTask.containsKey(taskId);
    }

    /// The neighbours of a task, best first; may be empty.
    ///
    /// @throws UmemException of kind INPUT if the task is not one of them
    public List<Neighbor> of(String taskId) {
        List<Neighbor> neighbors = byTask.get(taskId);
        if (neighbors == null) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    "task \"" + taskId + "\" has no neighbourhood; build them anew from this tasks file"
                            + " (umem neighbors build)");
        }
        return neighbors;
    }

    /// Makes sure that they belong to a set of tasks: every task has a neighbourhood, and every neighbour is a task.
    ///
    /// @param ids the ids of all tasks
    /// @throws UmemException of kind INPUT that names the first that fails
    public void requireFor(Collection<String> ids) {
        Set<String> known = new HashSet<>(ids);
        ids.forEach(this::of);
        byTask.forEach((id, neighbors) -> {
            for (Neighbor neighbor : neighbors) {
                if (!known.contains(neighbor.id())) {
                    throw new UmemException(
                            ErrorKind.INPUT,
                            "task \"" + id + "\" has a neighbour \"" + neighbor.id()
                                    + "\" that is not among the tasks; build the neighbourhoods anew from this tasks file"
                                    + " (umem neighbors build)");
                }
            }
        });
    }

    /// Reads a file that [#write] wrote; see [NeighborhoodFile].
    ///
    /// @throws UmemException of kind INPUT if the file is missing or malformed; the message names file, line and reason
    public static Neighborhoods read(Path file) {
        return NeighborhoodFile.read(file);
    }

    /// Writes them to a file, which is replaced at once when all is on disk, or not at all.
    ///
    /// @throws UmemException of kind STORAGE if the file cannot be written
    public void write(Path file) {
        NeighborhoodFile.write(byTask, file);
    }

    @Override
    public boolean equals(@org.jspecify.annotations.Nullable Object other) {
        return other instanceof Neighborhoods that && byTask.equals(that.byTask);
    }

    @Override
    public int hashCode() {
        return byTask.hashCode();
    }

    @Override
    public String toString() {
        return "Neighborhoods" + byTask;
    }
}
