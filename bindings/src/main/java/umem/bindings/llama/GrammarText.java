package umem.bindings.llama;

import umem.error.ErrorKind;
import umem.error.UmemException;

/// Looks at a GBNF text before llama.cpp does. Its parser is recursive and trusting: thousands of nested groups or of
/// rules that lead to each other overflow the native stack, a repetition such as `{5,2}` asks for endless memory, and a
/// blank text means no constraint at all. The limits are far above what a real grammar needs; syntax is left to
/// llama.cpp.
final class GrammarText {
    private static final int MAX_LENGTH = 1 << 20;
    private static final int MAX_NESTING = 200;
    private static final int MAX_RULES = 1000;
    private static final int MAX_REPETITIONS = 2000;

    private final String text;
    private int at;

    private GrammarText(String text) {
        this.text = text;
    }

    /// @throws UmemException of kind INPUT if the text would bring the process into danger
    static void check(String text) {
        if (text.isBlank()) {
            throw refused("it is empty");
        }
        if (text.indexOf('\0') >= 0) {
            throw refused("it contains the character NUL");
        }
        if (text.length() > MAX_LENGTH) {
            throw refused("it has " + text.length() + " characters, more than " + MAX_LENGTH);
        }
        new GrammarText(text).scan();
    }

    private void scan() {
        int nesting = 0;
        int rules = 0;
        while (at < text.length()) {
            char c = text.charAt(at++);
            switch (c) {
                case '#' -> skipTo('\n');
                case '"' -> skipTo('"');
                case '[' -> skipTo(']');
                case '(' -> nesting++;
                case ')' -> nesting--;
                case '{' -> repetition();
                case '=' -> rules++;
                default -> {}
            }
            if (nesting > MAX_NESTING) {
                throw refused("more than " + MAX_NESTING + " groups are nested");
            }
            if (rules > MAX_RULES) {
                throw refused("it has more than " + MAX_RULES + " rules");
            }
        }
    }

    private void skipTo(char end) {
        while (at < text.length() && text.charAt(at) != end) {
            at += text.charAt(at) == '\\' && end != '\n' ? 2 : 1;
        }
        at++;
    }

    private void repetition() {
        int close = text.indexOf('}', at);
        if (close < 0) {
            return;
        }
        String[] bounds = text.substring(at, close).split(",", -1);
        at = close + 1;
        int least = bound(bounds[0], 0);
        int most = bounds.length > 1 ? bound(bounds[1], MAX_REPETITIONS) : least;
        if (least > most) {
            throw refused("a repetition asks for at least " + least + " and at most " + most);
        }
    }

    private static int bound(String digits, int absent) {
        String number = digits.strip();
        if (number.isEmpty()) {
            return absent;
        }
        int value;
        try {
            value = Integer.parseInt(number);
        } catch (NumberFormatException e) {
            throw refused("\"" + number + "\" is no number of repetitions");
        }
        if (value < 0 || value > MAX_REPETITIONS) {
            throw refused(value + " repetitions are not in [0, " + MAX_REPETITIONS + "]");
        }
        return value;
    }

    private static UmemException refused(String reason) {
        return new UmemException(ErrorKind.INPUT, "the grammar is refused: " + reason);
    }
}
