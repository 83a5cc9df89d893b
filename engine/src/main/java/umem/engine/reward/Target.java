package umem.engine.reward;

import java.util.List;
import umem.engine.memory.RetrievedMemory;
import umem.engine.task.Task;

/// A task that candidates are judged on: a neighbour of the query, or the query itself.
///
/// @param task the task
/// @param query its embedding
/// @param reference what it retrieves from `B`
record Target(Task task, float[] query, List<RetrievedMemory> reference) {}
