package umem.engine.executor;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Finds the final answer in an output: the last `\boxed{...}` (the paper's form), or the last `<answer>...</answer>`
/// (the published code's form). Of several, the one that ends last in the output counts; of one inside another, the
/// inner one.
///
/// One pass over the output, since a model may repeat itself to its last token.
public final class AnswerExtractor {
    private static final String TAG = "<answer>";
    private static final String TAG_END = "</answer>";
    private static final String BOX = "boxed";

    private AnswerExtractor() {}

    /// A part of the output: what is between the braces or the tags.
    private record Span(int begin, int end) {}

    /// @return the answer without surrounding white space, or null where there is none or it is empty
    public static @Nullable String extract(String output) {
        Span box = box(output);
        Span tag = tag(output);
        Span last = box;
        if (tag != null && (box == null || tag.begin > box.begin)) {
            last = tag;
        }
        if (last == null) {
            return null;
        }
        String answer = output.substring(last.begin, last.end).strip();
        return answer.isEmpty() ? null : answer;
    }

    private static @Nullable Span box(String output) {
        Deque<Integer> open = new ArrayDeque<>();
        Span last = null;
        for (int i = 0; i < output.length(); i++) {
            char c = output.charAt(i);
            if (c == '\\') {
                // A brace behind a backslash is part of the text.
                i++;
            } else if (c == '{') {
                open.push(i);
            } else if (c == '}' && !open.isEmpty()) {
                int begin = open.pop();
                boolean box = output.startsWith(BOX, begin - BOX.length());
                if (box && (last == null || last.begin <= begin)) {
                    last = new Span(begin + 1, i);
                }
            }
        }
        return last;
    }

    private static @Nullable Span tag(String output) {
        int end = output.lastIndexOf(TAG_END);
        int begin = output.lastIndexOf(TAG, end);
        if (end < 0 || begin < 0) {
            return null;
        }
        return new Span(begin + TAG.length(), output.indexOf(TAG_END, begin));
    }
}
