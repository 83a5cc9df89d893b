package umem.engine.executor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import umem.engine.memory.RetrievedMemory;
import umem.engine.task.Task;

/// The variables that prompts of executor and Mem-Optimizer share; the table is at [Prompts].
public final class PromptVariables {
    private PromptVariables() {}

    /// Variables for a task and what was retrieved for it.
    ///
    /// @return a new map that the caller may add to
    public static Map<String, Object> of(Task task, List<RetrievedMemory> memories) {
        List<Map<String, Object>> experiences = new ArrayList<>(memories.size());
        for (int i = 0; i < memories.size(); i++) {
            experiences.add(Map.of(
                    "index",
                    i,
                    "value",
                    oneLine(String.join(" ", memories.get(i).entry().values()))));
        }
        List<Map<String, Object>> choices = new ArrayList<>(task.choices().size());
        for (int i = 0; i < task.choices().size(); i++) {
            choices.add(Map.of(
                    "index",
                    i,
                    "letter",
                    i < 26 ? String.valueOf((char) ('A' + i)) : Integer.toString(i),
                    "text",
                    task.choices().get(i)));
        }
        String context = task.context() == null ? "" : task.context();
        Map<String, Object> variables = new HashMap<>();
        variables.put("question", task.question());
        variables.put("hasExperiences", !experiences.isEmpty());
        variables.put("experiences", experiences);
        variables.put("hasChoices", !choices.isEmpty());
        variables.put("choices", choices);
        variables.put("hasContext", !context.isEmpty());
        variables.put("context", context);
        return variables;
    }

    /// A memory is one item of a list: with line breaks of its own it could pass for what comes after the list.
    private static String oneLine(String text) {
        return text.replaceAll("\\s+", " ").strip();
    }
}
