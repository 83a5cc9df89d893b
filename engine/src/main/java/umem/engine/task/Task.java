package umem.engine.task;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A query `q` of the stream, with its ground truth.
///
/// @param id unique within its source, never blank
/// @param kind decides prompt and matcher
/// @param question the query text; also the text that is embedded and the key of a memory made from this task
/// @param choices the options in order, empty unless [TaskKind#MULTIPLE_CHOICE]
/// @param context a text to read the answer from, or null
/// @param answers the accepted answers, at least one; for multiple choice the 0-based index as a decimal string
/// @param feedback what the environment says after an answer, or null where it says nothing but right or wrong
/// @param attributes anything else that a report may group by, such as `family`, `cluster`, `subject`; values never
///     null
public record Task(
        String id,
        TaskKind kind,
        String question,
        List<String> choices,
        @Nullable String context,
        List<String> answers,
        @Nullable Feedback feedback,
        Map<String, String> attributes) {

    /// The words in which the environment replies to an answer; the reply becomes part of the trajectory.
    ///
    /// @param accepted the reply to a right answer
    /// @param rejected the reply to a wrong one
    public record Feedback(String accepted, String rejected) {
        /// The reply that fits.
        public String reply(boolean correct) {
            return correct ? accepted : rejected;
        }
    }

    /// Copies the collections and checks what can be checked.
    ///
    /// @throws IllegalArgumentException if id, question or an answer is blank, there is no answer, or a multiple-choice
    ///     answer is not the index of a choice
    public Task {
        choices = List.copyOf(choices);
        answers = List.copyOf(answers);
        attributes = Map.copyOf(attributes);
        if (id.isBlank()) {
            throw new IllegalArgumentException("id is blank");
        }
        if (question.isBlank()) {
            throw new IllegalArgumentException("question is blank");
        }
        if (answers.isEmpty()) {
            throw new IllegalArgumentException("no answer");
        }
        if (answers.stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException("an answer is blank");
        }
        if (kind == TaskKind.MULTIPLE_CHOICE) {
            for (String answer : answers) {
                if (!answer.matches("\\d{1,4}") || Integer.parseInt(answer) >= choices.size()) {
                    throw new IllegalArgumentException("answer " + answer + " is not the 0-based index of one of the "
                            + choices.size() + " choices");
                }
            }
        }
    }
}
