package umem.engine.task;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Tasks as JSON objects.
///
/// Our own form has all fields of [Task]: `id`, `kind` (`multiple_choice`, `maths`, `question_answering`), `question`,
/// `choices`, `context`, `answers`, `feedback` {`accepted`, `rejected`}, `attributes`. Besides, common data sets are
/// recognised by their fields:
///
/// | fields | read as |
/// | --- | --- |
/// | `question`, `choices`, `answer` (index or letter) | multiple choice (MMLU) |
/// | `problem`, `answer` | maths (MATH) |
/// | `question`, `answer`, `solution` | maths (GSM8K) |
/// | `question`, `answer`, `context` ([[title, [sentences]]] or text) | question answering (HotpotQA) |
/// | `question`, `answer` | question answering |
///
/// Other fields that hold a text or a number become attributes. A missing `id` is replaced by the line number.
public final class TaskJson {
    private static final JsonMapper JSON = JsonMapper.shared();

    private TaskJson() {}

    /// Writes a task in our own form.
    public static String write(Task task) {
        ObjectNode node = JSON.createObjectNode();
        node.put("id", task.id());
        node.put("kind", task.kind().name().toLowerCase(Locale.ROOT));
        node.put("question", task.question());
        if (!task.choices().isEmpty()) {
            ArrayNode choices = node.putArray("choices");
            task.choices().forEach(choices::add);
        }
        if (task.context() != null) {
            node.put("context", task.context());
        }
        ArrayNode answers = node.putArray("answers");
        task.answers().forEach(answers::add);
        if (task.feedback() != null) {
            ObjectNode feedback = node.putObject("feedback");
            feedback.put("accepted", task.feedback().accepted());
            feedback.put("rejected", task.feedback().rejected());
        }
        if (!task.attributes().isEmpty()) {
            ObjectNode attributes = node.putObject("attributes");
            task.attributes().entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .forEach(entry -> attributes.put(entry.getKey(), entry.getValue()));
        }
        return JSON.writeValueAsString(node);
    }

    /// Reads a task.
    ///
    /// @param fallbackId for objects without `id`
    /// @throws IllegalArgumentException if a field is missing or of the wrong type; the message says which
    public static Task read(JsonNode node, String fallbackId) {
        String id = node.has("id") ? scalar(node, "id") : fallbackId;
        if (node.has("kind")) {
            return own(node, id);
        }
        Map<String, String> attributes = new HashMap<>();
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            boolean known = List.of("id", "question", "problem", "answer", "solution", "choices", "context")
                    .contains(field.getKey());
            if (!known && field.getValue().isValueNode() && !field.getValue().isNull()) {
                attributes.put(field.getKey(), field.getValue().asString());
            }
        }
        if (node.has("choices")) {
            List<String> choices = texts(node, "choices");
            return new Task(
                    id,
                    TaskKind.MULTIPLE_CHOICE,
                    text(node, "question"),
                    choices,
                    null,
                    List.of(choiceIndex(scalar(node, "answer"), choices.size())),
                    null,
                    attributes);
        }
        boolean problem = node.has("problem");
        boolean maths = problem || node.has("solution");
        return new Task(
                id,
                maths ? TaskKind.MATHS : TaskKind.QUESTION_ANSWERING,
                text(node, problem ? "problem" : "question"),
                List.of(),
                maths ? null : context(node),
                List.of(scalar(node, "answer")),
                null,
                attributes);
    }

    private static Task own(JsonNode node, String id) {
        String kindName = text(node, "kind");
        TaskKind kind;
        try {
            kind = TaskKind.valueOf(kindName.toUpperCase(Locale.ROOT).replace('-', '_'));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "field \"kind\" is \"" + kindName + "\"; known are multiple_choice, maths and question_answering",
                    e);
        }
        Task.Feedback feedback = null;
        JsonNode reply = node.get("feedback");
        if (reply != null && !reply.isNull()) {
            if (!reply.isObject()) {
                throw new IllegalArgumentException("field \"feedback\" is not an object");
            }
            feedback = new Task.Feedback(text(reply, "accepted"), text(reply, "rejected"));
        }
        Map<String, String> attributes = new HashMap<>();
        JsonNode further = node.get("attributes");
        if (further != null && !further.isNull()) {
            if (!further.isObject()) {
                throw new IllegalArgumentException("field \"attributes\" is not an object");
            }
            for (String name : further.propertyNames()) {
                attributes.put(name, scalar(further, name));
            }
        }
        return new Task(
                id,
                kind,
                text(node, "question"),
                node.has("choices") ? texts(node, "choices") : List.of(),
                context(node),
                texts(node, "answers"),
                feedback,
                attributes);
    }

    /// An index or a letter as a 0-based index.
    static String choiceIndex(String answer, int choices) {
        if (answer.length() == 1 && Character.isLetter(answer.charAt(0))) {
            int index = Character.toUpperCase(answer.charAt(0)) - 'A';
            if (index < choices) {
                return Integer.toString(index);
            }
        }
        return answer;
    }

    private static @Nullable String context(JsonNode node) {
        JsonNode context = node.get("context");
        if (context == null || context.isNull()) {
            return null;
        }
        if (context.isString()) {
            return context.stringValue();
        }
        if (!context.isArray()) {
            throw new IllegalArgumentException("field \"context\" is neither a text nor a list of paragraphs");
        }
        StringBuilder text = new StringBuilder();
        for (JsonNode paragraph : context) {
            if (!paragraph.isArray()
                    || paragraph.size() != 2
                    || !paragraph.get(1).isArray()) {
                throw new IllegalArgumentException("a paragraph of \"context\" is not [title, [sentences]]");
            }
            text.append(paragraph.get(0).asString()).append(": ");
            for (JsonNode sentence : paragraph.get(1)) {
                text.append(sentence.asString().strip()).append(' ');
            }
            text.append('\n');
        }
        return text.toString().strip();
    }

    private static String text(JsonNode node, String field) {
        JsonNode value = required(node, field);
        if (!value.isString()) {
            throw new IllegalArgumentException("field \"" + field + "\" is not a text");
        }
        return value.stringValue();
    }

    private static String scalar(JsonNode node, String field) {
        JsonNode value = required(node, field);
        if (!value.isValueNode() || value.isNull()) {
            throw new IllegalArgumentException("field \"" + field + "\" is neither a text nor a number");
        }
        return value.asString();
    }

    private static List<String> texts(JsonNode node, String field) {
        JsonNode value = required(node, field);
        if (!value.isArray()) {
            throw new IllegalArgumentException("field \"" + field + "\" is not a list");
        }
        List<String> texts = new ArrayList<>(value.size());
        for (JsonNode element : value) {
            if (!element.isValueNode() || element.isNull()) {
                throw new IllegalArgumentException("field \"" + field + "\" holds something that is not a text");
            }
            texts.add(element.asString());
        }
        return texts;
    }

    private static JsonNode required(JsonNode node, String field) {
        JsonNode value = node.get(field);
        if (value == null) {
            throw new IllegalArgumentException("field \"" + field + "\" is missing");
        }
        return value;
    }
}
