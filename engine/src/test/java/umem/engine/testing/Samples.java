package umem.engine.testing;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import umem.engine.memory.MemoryEntry;
import umem.engine.memory.Provenance;
import umem.engine.memory.RetrievedMemory;
import umem.engine.task.Task;
import umem.engine.task.TaskKind;

/// Small tasks and memories for tests.
public final class Samples {
    private Samples() {}

    /// A task of a kind. Of multiple choice the second option, `green`, is right; else the answer is `42`.
    public static Task task(TaskKind kind) {
        boolean choice = kind == TaskKind.MULTIPLE_CHOICE;
        return new Task(
                "sample",
                kind,
                "Which {{colour}} & <which> number?",
                choice ? List.of("red", "green", "blue") : List.of(),
                kind == TaskKind.QUESTION_ANSWERING ? "A text to read." : null,
                List.of(choice ? "1" : "42"),
                null,
                Map.of());
    }

    /// Memories as if retrieved, one a lesson, best first.
    public static List<RetrievedMemory> memories(String... lessons) {
        List<RetrievedMemory> memories = new ArrayList<>();
        for (int i = 0; i < lessons.length; i++) {
            MemoryEntry entry = new MemoryEntry(
                    "entry-" + i, 1, "key " + i, List.of(lessons[i]), 0, 0, Provenance.imported(Instant.EPOCH));
            memories.add(new RetrievedMemory(entry, 1 - 0.1f * i));
        }
        return memories;
    }
}
