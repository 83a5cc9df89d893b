package umem.engine.task;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A row of the published training code: a task with its neighbours as whole tasks, `data_source`, `prompt`,
/// `reward_model` {`style`, `ground_truth`} and `extra_info` {`question`, `choices`, `similar_queries`,
/// `similar_choices`, `similar_gt`}.
///
/// The published columns name no ids. We add `extra_info.id` and `extra_info.similar_ids`, which that code passes over;
/// where they are missing, ids are made from `data_source` and the row's number. The form knows multiple choice and
/// maths (no choices), and one answer.
///
/// @param task the task
/// @param similar its neighbours, best first
public record PublishedRow(Task task, List<Task> similar) {
    private static final JsonMapper JSON = JsonMapper.shared();

    /// Copies the list.
    public PublishedRow {
        similar = List.copyOf(similar);
    }

    /// One line of JSON.
    ///
    /// @throws UmemException of kind INPUT if the form has no place for one of the tasks
    public String write() {
        ObjectNode row = JSON.createObjectNode().put("data_source", source(task));
        row.putArray("prompt").addObject().put("role", "user").put("content", task.question());
        row.putObject("reward_model").put("style", "rule").put("ground_truth", truth(task));
        ObjectNode extra = row.putObject("extra_info").put("id", task.id()).put("question", task.question());
        task.choices().forEach(extra.putArray("choices")::add);
        ArrayNode ids = extra.putArray("similar_ids");
        ArrayNode queries = extra.putArray("similar_queries");
        ArrayNode choices = extra.putArray("similar_choices");
        ArrayNode truths = extra.putArray("similar_gt");
        for (Task neighbor : similar) {
            ids.add(neighbor.id());
            queries.add(neighbor.question());
            neighbor.choices().forEach(choices.addArray()::add);
            truths.add(truth(neighbor));
        }
        return JSON.writeValueAsString(row);
    }

    private static String source(Task task) {
        return task.attributes().getOrDefault("data_source", "umem");
    }

    private static String truth(Task task) {
        boolean fits = task.kind() == TaskKind.MULTIPLE_CHOICE
                || (task.kind() == TaskKind.MATHS && task.choices().isEmpty());
        if (!fits || task.context() != null || task.answers().size() != 1) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    "task \"" + task.id() + "\" does not fit the published form, which knows multiple choice and maths"
                            + " with one answer and no context; leave out --format published");
        }
        return task.answers().getFirst();
    }

    /// Whether a JSON object is such a row.
    static boolean is(JsonNode node) {
        return node.path("extra_info").isObject();
    }

    /// Reads a row; its neighbours are read only if asked for.
    ///
    /// @param number the row's number from 0, for ids
    /// @throws IllegalArgumentException if a field is missing or of the wrong type; the message says which
    static PublishedRow read(JsonNode node, int number, boolean withSimilar) {
        JsonNode extra = node.path("extra_info");
        Columns columns = new Columns(
                text(extra, "id"),
                text(node, "data_source"),
                text(extra, "question"),
                texts(extra.path("choices"), "extra_info.choices"),
                text(node.path("reward_model"), "ground_truth"),
                withSimilar ? texts(extra.path("similar_ids"), "extra_info.similar_ids") : List.of(),
                withSimilar ? texts(extra.path("similar_queries"), "extra_info.similar_queries") : List.of(),
                withSimilar ? lists(extra.path("similar_choices")) : List.of(),
                withSimilar ? texts(extra.path("similar_gt"), "extra_info.similar_gt") : List.of());
        return columns.row(number);
    }

    /// The columns as they lie in a file; a missing list is an empty one.
    record Columns(
            @Nullable String id,
            @Nullable String source,
            @Nullable String question,
            List<String> choices,
            @Nullable String truth,
            List<String> similarIds,
            List<String> similarQueries,
            List<List<String>> similarChoices,
            List<String> similarTruths) {

        /// @param number the row's number from 0, for ids
        /// @throws IllegalArgumentException if something is missing or does not fit together
        PublishedRow row(int number) {
            String origin = source == null ? "parquet" : source;
            String ownId = id == null ? origin + "-" + number : id;
            Task task = task(ownId, origin, required(question, "question"), choices, required(truth, "ground_truth"));
            int count = similarQueries.size();
            if (similarTruths.size() != count
                    || similarChoices.size() != count
                    || (!similarIds.isEmpty() && similarIds.size() != count)) {
                throw new IllegalArgumentException("the similar_* columns are of different lengths: " + count
                        + " queries, " + similarChoices.size() + " choices, " + similarTruths.size()
                        + " ground truths, "
                        + similarIds.size() + " ids");
            }
            List<Task> similar = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                similar.add(task(
                        similarIds.isEmpty() ? ownId + "/similar-" + i : similarIds.get(i),
                        origin,
                        similarQueries.get(i),
                        similarChoices.get(i),
                        similarTruths.get(i)));
            }
            return new PublishedRow(task, similar);
        }

        private static Task task(String id, String source, String question, List<String> choices, String truth) {
            return new Task(
                    id,
                    choices.isEmpty() ? TaskKind.MATHS : TaskKind.MULTIPLE_CHOICE,
                    question,
                    choices,
                    null,
                    List.of(choices.isEmpty() ? truth : TaskJson.choiceIndex(truth, choices.size())),
                    null,
                    Map.of("data_source", source));
        }

        private static String required(@Nullable String value, String field) {
            if (value == null) {
                String column = field.equals("question") ? "extra_info" : "reward_model";
                throw new IllegalArgumentException(column + "." + field + " is missing");
            }
            return value;
        }
    }

    /// The tasks of rows and those that are only neighbours, each once. Neighbours without an id of their own are found
    /// among the rows by question, choices and answer.
    ///
    /// @param rows as read
    /// @return rows in the same order whose neighbours have the ids of rows wherever they are rows
    static List<PublishedRow> resolved(List<PublishedRow> rows) {
        Map<List<Object>, Task> byText = new HashMap<>();
        Map<String, Task> byId = new HashMap<>();
        for (PublishedRow row : rows) {
            byText.putIfAbsent(key(row.task), row.task);
            byId.put(row.task.id(), row.task);
        }
        return rows.stream()
                .map(row -> new PublishedRow(
                        row.task,
                        row.similar.stream()
                                .map(neighbor ->
                                        byId.containsKey(neighbor.id()) ? neighbor : canonical(byText, neighbor))
                                .toList()))
                .toList();
    }

    /// A neighbour that no row is gets one id wherever it occurs.
    private static Task canonical(Map<List<Object>, Task> byText, Task neighbor) {
        Task before = byText.putIfAbsent(key(neighbor), neighbor);
        return before == null ? neighbor : before;
    }

    private static List<Object> key(Task task) {
        return List.of(task.question(), task.choices(), task.answers());
    }

    private static @Nullable String text(JsonNode node, String field) {
        JsonNode value = node.get(field);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isValueNode()) {
            throw new IllegalArgumentException("field \"" + field + "\" is neither a text nor a number");
        }
        return value.asString();
    }

    private static List<String> texts(JsonNode list, String field) {
        if (list.isMissingNode() || list.isNull()) {
            return List.of();
        }
        if (!list.isArray()) {
            throw new IllegalArgumentException(field + " is not a list");
        }
        List<String> texts = new ArrayList<>(list.size());
        for (JsonNode element : list) {
            if (!element.isValueNode() || element.isNull()) {
                throw new IllegalArgumentException(field + " holds something that is not a text");
            }
            texts.add(element.asString());
        }
        return texts;
    }

    private static List<List<String>> lists(JsonNode list) {
        if (!list.isArray() && !list.isMissingNode() && !list.isNull()) {
            throw new IllegalArgumentException("extra_info.similar_choices is not a list");
        }
        List<List<String>> lists = new ArrayList<>(list.size());
        for (JsonNode element : list) {
            lists.add(texts(element, "extra_info.similar_choices"));
        }
        return lists;
    }
}
