package umem.bench.headroom;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import umem.engine.memory.MemoryEntry;
import umem.engine.memory.Provenance;
import umem.engine.memory.RetrievedMemory;
import umem.engine.task.Task;

/// The memories that a task is solved with in each [Setting]; a pure function of the stream, the task and the seed.
///
/// Immutable; safe for all threads.
final class SettingMemories {
    /// Tasks that are mixed with one another, in whole clusters. Other rules come from the window of the task, so that
    /// a longer stream gives its first tasks the same memories as a shorter one, and their executions are cached.
    static final int WINDOW = 24;

    private final List<Task> stream;
    private final long seed;

    /// @param stream tasks of the service desk in whole clusters, the ones to be measured among them
    /// @param seed decides which neighbour and which other rules are given, and their order
    SettingMemories(List<Task> stream, long seed) {
        this.stream = List.copyOf(stream);
        this.seed = seed;
    }

    /// The memories for one task.
    ///
    /// @throws IllegalArgumentException if the stream holds no other case of the cluster
    List<RetrievedMemory> of(Setting setting, Task task) {
        Random random = new Random(seed ^ task.question().hashCode() * 0x9E3779B97F4A7C15L);
        return switch (setting) {
            case NO_MEMORY -> List.of();
            case TRUE_RULE -> List.of(memory(task, attribute(task, "rule")));
            case TRUE_RULE_AMONG_OTHERS -> amongOthers(task, random);
            case NEIGHBOUR_FEEDBACK -> List.of(neighbour(task, random));
        };
    }

    private List<RetrievedMemory> amongOthers(Task task, Random random) {
        List<RetrievedMemory> memories = new ArrayList<>();
        memories.add(memory(task, attribute(task, "rule")));
        int window = stream.indexOf(task) / WINDOW * WINDOW;
        List<Task> others = new ArrayList<>(stream.subList(window, Math.min(window + WINDOW, stream.size())));
        Collections.shuffle(others, random);
        List<String> clusters = new ArrayList<>(List.of(attribute(task, "cluster")));
        for (Task other : others) {
            if (memories.size() < 3 && !clusters.contains(attribute(other, "cluster"))) {
                clusters.add(attribute(other, "cluster"));
                memories.add(memory(other, attribute(other, "rule")));
            }
        }
        Collections.shuffle(memories, random);
        return memories;
    }

    private RetrievedMemory neighbour(Task task, Random random) {
        List<Task> neighbours = stream.stream()
                .filter(t -> attribute(t, "cluster").equals(attribute(task, "cluster")) && !t.id().equals(task.id()))
                .toList();
        if (neighbours.isEmpty()) {
            throw new IllegalArgumentException("task " + task.id() + " is alone in its cluster");
        }
        Task neighbour = neighbours.get(random.nextInt(neighbours.size()));
        return memory(neighbour, Objects.requireNonNull(neighbour.feedback()).reply(false));
    }

    private static RetrievedMemory memory(Task from, String value) {
        Provenance provenance = Provenance.imported(Instant.EPOCH);
        return new RetrievedMemory(new MemoryEntry(from.id(), 1, from.question(), List.of(value), 0, 0, provenance), 1);
    }

    private static String attribute(Task task, String name) {
        return Objects.requireNonNull(task.attributes().get(name), name);
    }
}
