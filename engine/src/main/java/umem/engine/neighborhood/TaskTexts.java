package umem.engine.neighborhood;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.Normalizer;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import umem.engine.task.Task;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Which tasks are the same one written down again. Two are, if they have the same id, or the same question, choices
/// and
/// context; exactly, or once normalised: composed characters, case, kinds of quotes and dashes, white space, closing
/// punctuation and the order of the choices do not count. Other punctuation and superscripts do, since they decide what
/// a formula says.
///
/// A group is named after the row of its first task, its representative. Immutable.
final class TaskTexts {
    private static final Pattern SINGLE_QUOTES = Pattern.compile("[\u2018\u2019\u201A\u201B\u2032`]");
    private static final Pattern DOUBLE_QUOTES = Pattern.compile("[\u201C-\u201F\u2033]");
    private static final Pattern DASHES = Pattern.compile("[\u2010-\u2015\u2212]");
    private static final Pattern SPACED_PUNCTUATION = Pattern.compile("\\s*(\\p{Punct})\\s*");
    private static final Pattern SPACES = Pattern.compile("[\\s\\p{Z}]+");
    private static final Pattern CLOSING = Pattern.compile("[.?!:;,\\s]+$");

    private final int[] groups;
    private final int distinct;
    private final long sameTask;
    private final long exactText;
    private final long normalizedText;

    private TaskTexts(int[] groups, int distinct, long sameTask, long exactText, long normalizedText) {
        this.groups = groups;
        this.distinct = distinct;
        this.sameTask = sameTask;
        this.exactText = exactText;
        this.normalizedText = normalizedText;
    }

    /// Groups tasks; row `i` is `tasks.get(i)`.
    ///
    /// @throws UmemException of kind INPUT if an id stands for two different tasks
    static TaskTexts of(List<Task> tasks) {
        int[] byId = first(tasks, Task::id);
        int[] exact = first(tasks, task -> digest(exact(task)));
        for (int row = 0; row < byId.length; row++) {
            if (exact[row] != exact[byId[row]]) {
                throw new UmemException(
                        ErrorKind.INPUT,
                        "the id \"" + tasks.get(row).id() + "\" stands for two different tasks, numbers "
                                + (byId[row] + 1) + " and " + (row + 1));
            }
        }
        int[] groups = first(tasks, task -> digest(normalized(task)));
        int distinct = 0;
        for (int row = 0; row < groups.length; row++) {
            distinct += groups[row] == row ? 1 : 0;
        }
        // Each relation contains the one before.
        long ids = pairs(byId);
        long texts = pairs(exact);
        return new TaskTexts(groups, distinct, ids, texts - ids, pairs(groups) - texts);
    }

    /// The representative's row of the group that a row is in; at most `row`.
    int group(int row) {
        return groups[row];
    }

    /// Whether a row is the representative of its group.
    boolean isRepresentative(int row) {
        return groups[row] == row;
    }

    /// Groups, that is, distinct tasks.
    int distinct() {
        return distinct;
    }

    /// Ordered pairs of different rows with the same id.
    long sameTask() {
        return sameTask;
    }

    /// Ordered pairs with the same text, not counted before.
    long exactText() {
        return exactText;
    }

    /// Ordered pairs with the same normalised text, not counted before.
    long normalizedText() {
        return normalizedText;
    }

    private static int[] first(List<Task> tasks, Function<Task, Object> key) {
        Map<Object, Integer> seen = new HashMap<>();
        int[] first = new int[tasks.size()];
        for (int row = 0; row < first.length; row++) {
            Integer before = seen.putIfAbsent(key.apply(tasks.get(row)), row);
            first[row] = before == null ? row : before;
        }
        return first;
    }

    private static long pairs(int[] groups) {
        long[] sizes = new long[groups.length];
        for (int group : groups) {
            sizes[group]++;
        }
        long pairs = 0;
        for (long size : sizes) {
            pairs += size * (size - 1);
        }
        return pairs;
    }

    private static String exact(Task task) {
        return joined(task.question(), task.choices(), task.context());
    }

    static String normalized(Task task) {
        return joined(
                normalized(task.question()),
                task.choices().stream().map(TaskTexts::normalized).sorted().toList(),
                task.context() == null ? null : normalized(task.context()));
    }

    /// A text without what does not count.
    static String normalized(String text) {
        String plain = Normalizer.normalize(text, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
        plain = SINGLE_QUOTES.matcher(plain).replaceAll("'");
        plain = DOUBLE_QUOTES.matcher(plain).replaceAll("\"");
        plain = DASHES.matcher(plain).replaceAll("-");
        plain = SPACES.matcher(plain).replaceAll(" ");
        plain = SPACED_PUNCTUATION.matcher(plain).replaceAll("$1");
        String open = CLOSING.matcher(plain).replaceAll("").strip();
        return open.isEmpty() ? plain : open;
    }

    private static String joined(
            String question, List<String> choices, @org.jspecify.annotations.Nullable String context) {
        // Lengths keep apart what a separator inside a text would mix up.
        StringBuilder text = new StringBuilder().append(question.length()).append(question);
        choices.forEach(choice -> text.append('|').append(choice.length()).append(choice));
        return context == null
                ? text.toString()
                : text.append('#').append(context).toString();
    }

    /// In place of the text, which may be a long context: 100,000 of them are not to be held a second time.
    private static Object digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return new String(hash, 0, 16, StandardCharsets.ISO_8859_1);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
