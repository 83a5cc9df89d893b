package umem.engine.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Compares final results of mathematics problems, written in LaTeX or plainly.
///
/// Notation that does not change the value is dropped first: dollar signs, `\left`, spacing commands, `\text{...}`
/// units, degree and percent signs, thousands separators, a leading `x =`. Then numbers are compared exactly as
/// fractions ([MathExpression]), values with roots and pi numerically, tuples and intervals element by element with
/// their brackets, sets in any order, and everything else as text without spaces.
final class MathAnswer {
    private static final Pattern DROPPED = Pattern.compile(
            "\\\\left|\\\\right|\\\\[!,;:]|\\\\ |\\\\q?quad|\\\\displaystyle|\\$|\\^\\{?\\\\circ}?|\u00b0|\\\\%|%|~");
    private static final Pattern UNIT =
            Pattern.compile("(?<=[\\d}])\\s*\\\\(?:text|mathrm|mbox)\\{[^{}]*}(?:\\^\\{?\\d}?)?$");
    private static final Pattern PLAIN_UNIT = Pattern.compile("(?<=\\d)\\s+[a-z]{2,}[a-z .]*$");
    private static final Pattern TEXT = Pattern.compile("\\\\(?:text|mathrm|textbf|mbox)\\{([^{}]*)}");
    private static final Pattern THOUSANDS = Pattern.compile("(?<=\\d),(?:\\\\!)?(?=\\d{3}(?!\\d))");
    private static final Pattern VARIABLE = Pattern.compile("^[A-Za-z](?:\\([a-z]\\))?\\s*(?:=|\\\\in)\\s*");
    private static final Pattern SHORT_FRACTION = Pattern.compile("\\\\frac\\s*(\\d)\\s*(\\d)");
    private static final Pattern HALF_FRACTION = Pattern.compile("\\\\frac(\\{[^{}]*})\\s*(\\d)(?!\\d)");
    private static final Pattern SHORT_ROOT = Pattern.compile("\\\\sqrt\\s*(\\w)");

    private static final Pattern DELIMITER = Pattern.compile("\\\\[()\\[\\]]");
    private static final Pattern ROW_END = Pattern.compile("\\s*\\\\\\\\\\s*");
    /// `1 1/2` must not become `11/2`, nor `7 2` become `72`.
    private static final Pattern MIXED = Pattern.compile("^(-?)(\\d+)\\s+(\\d+)\\s*/\\s*(\\d+)$");

    private static final Pattern BETWEEN_DIGITS = Pattern.compile("(?<=\\d)\\s+(?=\\d)");
    private static final Pattern OPTION = Pattern.compile("^\\(([A-Za-z])\\)$");

    private MathAnswer() {}

    /// Whether two results are the same.
    static boolean equal(String truth, String answer) {
        return equalNormalised(normalise(truth), normalise(answer));
    }

    private static boolean equalNormalised(String a, String b) {
        if (a.isEmpty() || b.isEmpty()) {
            return false;
        }
        if (a.equals(b)) {
            return true;
        }
        List<String> left = elements(a);
        List<String> right = elements(b);
        if (left.size() > 1 || right.size() > 1 || isBracketed(a) && isBracketed(b)) {
            return equalElements(a, left, b, right);
        }
        MathExpression.@Nullable Value x = MathExpression.evaluate(a);
        MathExpression.@Nullable Value y = MathExpression.evaluate(b);
        return x != null && y != null && x.equal(y);
    }

    private static boolean equalElements(String a, List<String> left, String b, List<String> right) {
        if (left.size() != right.size()) {
            return false;
        }
        boolean ordered = a.startsWith("(") || a.startsWith("[") || b.startsWith("(") || b.startsWith("[");
        if (ordered) {
            if (a.charAt(0) != b.charAt(0) || a.charAt(a.length() - 1) != b.charAt(b.length() - 1)) {
                return false;
            }
            for (int i = 0; i < left.size(); i++) {
                if (!equalNormalised(left.get(i), right.get(i))) {
                    return false;
                }
            }
            return true;
        }
        List<String> open = new ArrayList<>(right);
        for (String element : left) {
            boolean found = false;
            for (int i = 0; i < open.size() && !found; i++) {
                if (equalNormalised(element, open.get(i))) {
                    open.remove(i);
                    found = true;
                }
            }
            if (!found) {
                return false;
            }
        }
        return true;
    }

    static String normalise(String text) {
        String s = text.strip();
        if (s.endsWith(".") && !s.endsWith("..")) {
            s = s.substring(0, s.length() - 1);
        }
        // Two backslashes end a row of a matrix; elsewhere they are one that was escaped twice.
        s = s.contains("\\begin") ? ROW_END.matcher(s).replaceAll("&&") : s.replace("\\\\", "\\");
        s = DELIMITER.matcher(s.replace("\\$", "").replace("{,}", ",")).replaceAll("");
        // In brackets a comma parts the elements of a tuple.
        s = s.contains("(") || s.contains("[") ? s : THOUSANDS.matcher(s).replaceAll("");
        s = UNIT.matcher(s).replaceAll("");
        s = TEXT.matcher(s).replaceAll("$1");
        s = DROPPED.matcher(s).replaceAll("").strip();
        s = PLAIN_UNIT.matcher(s).replaceAll("");
        s = VARIABLE.matcher(s).replaceAll("");
        s = s.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac").replace("\\cfrac", "\\frac");
        s = s.replace("\\{", "{").replace("\\}", "}");
        s = SHORT_FRACTION.matcher(s).replaceAll("\\\\frac{$1}{$2}");
        s = HALF_FRACTION.matcher(s).replaceAll("\\\\frac$1{$2}");
        s = SHORT_ROOT.matcher(s).replaceAll("\\\\sqrt{$1}");
        s = s.replace("\u00d7", "\\times").replace("\u00b7", "\\cdot").replace("\u00f7", "\\div");
        s = s.replace("\u2212", "-").replace("\u03c0", "\\pi").replace("\u221e", "\\infty");
        s = OPTION.matcher(s).replaceAll("$1");
        boolean words = s.matches("[A-Za-z ]+");
        if (words) {
            return s.toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
        }
        s = MIXED.matcher(s).replaceAll("$1($2+$3/$4)");
        s = BETWEEN_DIGITS.matcher(s).replaceAll("_");
        return unwrap(s.replaceAll("\\s+", ""));
    }

    /// Braces around the whole are a group, unless they make it a set of several.
    private static String unwrap(String text) {
        String s = text;
        while (s.length() > 2 && s.startsWith("{") && closes(s, '{', '}') && !s.contains(",")) {
            s = s.substring(1, s.length() - 1);
        }
        return s;
    }

    private static boolean closes(String text, char open, char close) {
        int depth = 0;
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == open) {
                depth++;
            } else if (text.charAt(i) == close && --depth == 0) {
                return i == text.length() - 1;
            }
        }
        return false;
    }

    private static boolean isBracketed(String text) {
        char first = text.charAt(0);
        char last = text.charAt(text.length() - 1);
        return text.length() > 2 && "([{".indexOf(first) >= 0 && ")]}".indexOf(last) >= 0 && text.contains(",");
    }

    /// The parts between top-level commas, of what is inside the outer brackets.
    private static List<String> elements(String text) {
        String inner = isBracketed(text) ? text.substring(1, text.length() - 1) : text;
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int begin = 0;
        for (int i = 0; i < inner.length(); i++) {
            char c = inner.charAt(i);
            if ("([{".indexOf(c) >= 0) {
                depth++;
            } else if (")]}".indexOf(c) >= 0) {
                depth--;
            } else if (c == ',' && depth == 0) {
                parts.add(inner.substring(begin, i));
                begin = i + 1;
            }
        }
        parts.add(inner.substring(begin));
        return parts.stream().map(String::strip).filter(part -> !part.isEmpty()).collect(Collectors.toList());
    }
}
