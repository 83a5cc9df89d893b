package umem.engine.guard;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import umem.engine.task.Task;
import umem.engine.task.TaskKind;

/// What a lesson gives away of the very task it was made from: the prompts forbid answers and particulars (spec,
/// section
/// 3), and this looks whether they are there.
///
/// Mentioning the answer is no leak by itself: a rule such as "tulips are planted by Ben" has to. Together with
/// particulars of the task it is one, and so is naming an option by its letter or number.
///
/// @param answer whether the ground truth is mentioned
/// @param option whether the right option is named by its letter or number
/// @param numbers numbers of the task that the lesson repeats
/// @param names capitalised words of the task, not at the beginning of a sentence, that the lesson repeats
public record Leak(boolean answer, boolean option, List<String> numbers, List<String> names) {
    private static final Pattern NUMBER = Pattern.compile("(?<![\\p{L}\\d.,])\\d+(?:[.,]\\d+)*(?![\\p{L}\\d])");
    private static final Pattern NAME = Pattern.compile("(?<=[\\p{L}\\d,;:'\")] )\\p{Lu}\\p{L}{2,}");
    /// Numbers too common to point anywhere.
    private static final Set<String> SMALL = Set.of("0", "1", "2", "3");

    public Leak {
        numbers = List.copyOf(numbers);
        names = List.copyOf(names);
    }

    /// Looks at a lesson.
    ///
    /// @param values the lesson
    /// @param task what it was made from
    public static Leak of(List<String> values, Task task) {
        String lesson = String.join("\n", values);
        String question = task.context() == null ? task.question() : task.question() + "\n" + task.context();
        return new Leak(
                mentionsAnswer(lesson, task),
                namesOption(lesson, task),
                common(NUMBER, lesson, question, SMALL),
                common(NAME, lesson, question, words(task.answers())));
    }

    /// 0 for nothing, 1 for an option; half for the answer, and a quarter for each particular up to two.
    public double score() {
        if (option) {
            return 1;
        }
        return (answer ? 0.5 : 0) + 0.25 * Math.min(2, numbers.size() + names.size());
    }

    /// Whether it is a leak: an option, or the answer together with a particular.
    public boolean isLeak() {
        return score() > 0.5;
    }

    private static boolean mentionsAnswer(String lesson, Task task) {
        for (String accepted : task.answers()) {
            String answer =
                    task.kind() == TaskKind.MULTIPLE_CHOICE ? task.choices().get(Integer.parseInt(accepted)) : accepted;
            String plain = answer.strip().toLowerCase(Locale.ROOT);
            // One character, a digit say, is in every other text.
            if (plain.length() > 1
                    && Pattern.compile("(?<![\\p{L}\\d])" + Pattern.quote(plain) + "(?![\\p{L}\\d])")
                            .matcher(lesson.toLowerCase(Locale.ROOT))
                            .find()) {
                return true;
            }
        }
        return false;
    }

    private static boolean namesOption(String lesson, Task task) {
        if (task.kind() != TaskKind.MULTIPLE_CHOICE) {
            return false;
        }
        for (String accepted : task.answers()) {
            int index = Integer.parseInt(accepted);
            String letter = index < 26 ? "|" + (char) ('A' + index) : "";
            Pattern pattern = Pattern.compile(
                    "\\b(?:option|choice|answer)\\s*(?:is|=|:|number|no\\.)?\\s*[(\\[\"']?(?:" + index + letter
                            + ")(?![\\p{L}\\d])",
                    Pattern.CASE_INSENSITIVE);
            if (pattern.matcher(lesson).find()) {
                return true;
            }
        }
        return false;
    }

    /// What the answer is made of is no particular besides.
    private static Set<String> words(List<String> texts) {
        Set<String> words = new HashSet<>();
        texts.forEach(text -> words.addAll(List.of(text.split("[^\\p{L}]+", -1))));
        return words;
    }

    private static List<String> common(Pattern pattern, String lesson, String task, Set<String> without) {
        Set<String> there = new LinkedHashSet<>();
        Matcher in = pattern.matcher(task);
        while (in.find()) {
            there.add(in.group());
        }
        List<String> repeated = new ArrayList<>();
        for (String text : there) {
            if (!without.contains(text)
                    && Pattern.compile("(?<![\\p{L}\\d])" + Pattern.quote(text) + "(?![\\p{L}\\d])")
                            .matcher(lesson)
                            .find()) {
                repeated.add(text);
            }
        }
        return repeated;
    }
}
