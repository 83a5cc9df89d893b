package umem.engine.task;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Decides whether an answer matches the ground truth: `c` in {0, 1}.
///
/// - *Multiple choice*: the 0-based index (`2`, `(2)`, `option 2`), the letter (`C`, `(C)`, `C.`), or the text of the
///   option. A number is read as an index first, since that is what prompts ask for, and as an option's text only if no
///   option has that index.
/// - *Maths*: see [MathAnswer].
/// - *Question answering*: equal after SQuAD's normalisation (lower case, no punctuation, no articles, single spaces).
///   Where the true answer holds a digit it is a code or a quantity, and the signs between letters and digits matter:
///   `3B-07` is not `3B/07`. Two numbers are compared as numbers, unless a leading zero makes one a code.
///
/// An answer of more than 4,000 characters matches only literally.
public final class AnswerMatcher {
    private static final Pattern INDEX = Pattern.compile(
            "(?i)(?:(?:option|choice|index|answer|number)\\s*:?\\s*)?[(\\[]?(\\d{1,4})[)\\]]?\\s*[.:)]?");
    private static final Pattern LETTER =
            Pattern.compile("(?i)(?:(?:option|choice|answer)\\s*:?\\s*)?[(\\[]?([A-Z])[)\\]]?\\s*[.:)]?");
    private static final Pattern LABELLED = Pattern.compile("(?s)[(\\[]?(?:[A-Za-z]|\\d{1,4})[)\\].:]+\\s*(.+)");
    private static final Pattern THOUSANDS = Pattern.compile("(?<=\\d),(?=\\d{3}(?!\\d))");
    private static final Pattern SURROUNDING = Pattern.compile("^[\\s$\u20ac\u00a3]+|\\.?\\s*%?\\s*\\.?\\s*$");
    private static final Pattern ARTICLES = Pattern.compile("\\b(a|an|the)\\b");
    private static final Pattern TEXT_COMMAND = Pattern.compile("\\\\(?:text|mathrm|textbf|mbox)\\{([^{}]*)}");

    private static final Pattern EMPHASIS = Pattern.compile("^[*$`\\s]+|[*$`\\s]+$");
    private static final Pattern NUMBER = Pattern.compile("[-+]?(?:0|[1-9]\\d{0,29})(?:\\.\\d{1,30})?");
    private static final int LONGEST = 4000;

    private AnswerMatcher() {}

    /// Whether an answer is right.
    ///
    /// @param task the task with its accepted answers
    /// @param answer as extracted from the output
    public static boolean matches(Task task, String answer) {
        if (answer.length() > LONGEST) {
            return task.answers().contains(answer.strip());
        }
        String plain = TEXT_COMMAND.matcher(answer.strip()).replaceAll("$1").strip();
        return switch (task.kind()) {
            case MULTIPLE_CHOICE -> {
                int index = choice(task.choices(), EMPHASIS.matcher(plain).replaceAll(""));
                index = index < 0 ? byText(task.choices(), answer.strip()) : index;
                yield index >= 0 && task.answers().contains(Integer.toString(index));
            }
            case MATHS -> task.answers().stream().anyMatch(truth -> MathAnswer.equal(truth, answer));
            case QUESTION_ANSWERING -> task.answers().stream().anyMatch(truth -> equalText(truth, plain));
        };
    }

    /// The option that an answer names.
    ///
    /// @return its 0-based index, or -1
    static int choice(List<String> choices, String answer) {
        Matcher index = INDEX.matcher(answer);
        if (index.matches() && Integer.parseInt(index.group(1)) < choices.size()) {
            return Integer.parseInt(index.group(1));
        }
        Matcher letter = LETTER.matcher(answer);
        if (letter.matches()) {
            int named = Character.toUpperCase(letter.group(1).charAt(0)) - 'A';
            if (named < choices.size()) {
                return named;
            }
        }
        int byText = byText(choices, answer);
        Matcher labelled = LABELLED.matcher(answer);
        return byText < 0 && labelled.matches() ? byText(choices, labelled.group(1)) : byText;
    }

    private static int byText(List<String> choices, String answer) {
        int literally = choices.indexOf(answer);
        if (literally >= 0) {
            return literally;
        }
        // Options may differ in signs only, which the normalisation drops: an answer that fits two names none.
        int found = -1;
        for (int i = 0; i < choices.size(); i++) {
            if (equalText(choices.get(i), answer)) {
                if (found >= 0) {
                    return -1;
                }
                found = i;
            }
        }
        return found;
    }

    private static boolean equalText(String truth, String answer) {
        String x = number(truth);
        String y = number(answer);
        if (NUMBER.matcher(x).matches() && NUMBER.matcher(y).matches()) {
            return new BigDecimal(x).compareTo(new BigDecimal(y)) == 0;
        }
        boolean code = truth.chars().anyMatch(Character::isDigit);
        String expected = code ? normaliseCode(truth) : normalise(truth);
        return !expected.isEmpty() && expected.equals(code ? normaliseCode(answer) : normalise(answer));
    }

    /// A text without what may surround a number: signs of currency and per cent, the full stop, grouping of thousands.
    private static String number(String text) {
        return THOUSANDS
                .matcher(SURROUNDING.matcher(text.replace('\u2212', '-')).replaceAll(""))
                .replaceAll("");
    }

    /// SQuAD's normalisation.
    static String normalise(String text) {
        StringBuilder kept = new StringBuilder();
        text.toLowerCase(Locale.ROOT)
                .codePoints()
                .filter(c -> Character.isLetterOrDigit(c) || Character.isWhitespace(c))
                .forEach(kept::appendCodePoint);
        return spaces(ARTICLES.matcher(kept).replaceAll(" "));
    }

    /// The same, but a sign between two letters or digits stays, except the comma that groups thousands.
    static String normaliseCode(String text) {
        String lower = THOUSANDS
                .matcher(text.toLowerCase(Locale.ROOT).replace('\u2212', '-'))
                .replaceAll("");
        StringBuilder kept = new StringBuilder();
        for (int i = 0; i < lower.length(); i++) {
            char c = lower.charAt(i);
            boolean inside = i > 0
                    && i + 1 < lower.length()
                    && Character.isLetterOrDigit(lower.charAt(i - 1))
                    && Character.isLetterOrDigit(lower.charAt(i + 1));
            boolean sign = c == '-' && i + 1 < lower.length() && Character.isDigit(lower.charAt(i + 1));
            if (Character.isLetterOrDigit(c) || Character.isWhitespace(c) || inside || sign) {
                kept.append(c);
            } else {
                kept.append(' ');
            }
        }
        return spaces(ARTICLES.matcher(kept).replaceAll(" "));
    }

    private static String spaces(String text) {
        return text.strip().replaceAll("\\s+", " ");
    }
}
