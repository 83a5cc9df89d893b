package umem.engine.executor;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Finds the final answer in an output: the last `\boxed{...}` (the paper's form), or the last `<answer>...</answer>`
/// (the published code's form). Of several, the one that ends last in the output counts.
public final class AnswerExtractor {
    private static final Pattern TAG = Pattern.compile("<answer>(.*?)</answer>", Pattern.DOTALL);
    private static final String BOX = "boxed{";

    private AnswerExtractor() {}

    /// @return the answer without surrounding white space, or null where there is none or it is empty
    public static @Nullable String extract(String output) {
        String answer = null;
        int end = -1;
        for (int at = output.indexOf(BOX); at >= 0; at = output.indexOf(BOX, at + BOX.length())) {
            int close = closingBrace(output, at + BOX.length());
            if (close > end) {
                answer = output.substring(at + BOX.length(), close);
                end = close;
            }
        }
        Matcher matcher = TAG.matcher(output);
        while (matcher.find()) {
            if (matcher.end() > end) {
                answer = matcher.group(1);
                end = matcher.end();
            }
        }
        return answer == null || answer.isBlank() ? null : answer.strip();
    }

    /// Index of the brace that closes the one before `from`, or -1. A backslash before a brace makes it part of the
    /// text.
    private static int closingBrace(String text, int from) {
        int depth = 1;
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '{') {
                depth++;
            } else if (c == '}' && --depth == 0) {
                return i;
            }
        }
        return -1;
    }
}
