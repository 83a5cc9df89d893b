package umem.engine.optimizer;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import umem.engine.memory.MemoryAction;

/// Reads the memory action out of an output of the Mem-Optimizer, strictly, and says what is wrong with one that has
/// none (spec, section 3).
///
/// The last `<experience>` block counts, since the analysis may quote one. Inside it there are one or more `<value>`
/// elements with text, and exactly one `<operation>`, which is `ADD` or `UPDATE i` with `i` the position of an entry
/// that was shown; nothing else but white space. What stands before and after the block does not matter.
public final class ActionParser {
    private static final String BLOCK = "<experience>";
    private static final String BLOCK_END = "</experience>";
    private static final String VALUE = "<value>";
    private static final String VALUE_END = "</value>";
    private static final String OPERATION = "<operation>";
    private static final String OPERATION_END = "</operation>";
    private static final List<String> TAGS = List.of(BLOCK, BLOCK_END, VALUE, VALUE_END, OPERATION, OPERATION_END);
    private static final String UPDATE = "UPDATE ";

    private ActionParser() {}

    /// An action or a reason, never both.
    ///
    /// @param action the action, or null
    /// @param malformed why there is none, or null
    public record Result(
            @Nullable MemoryAction action, @Nullable String malformed) {
        private static Result malformed(String reason) {
            return new Result(null, reason);
        }
    }

    /// Parses an output. Never throws.
    ///
    /// @param output what the Mem-Optimizer wrote
    /// @param shown number of entries that it was shown, so the valid indices of UPDATE are `0` to `shown - 1`
    public static Result parse(String output, int shown) {
        int begin = output.lastIndexOf(BLOCK);
        if (begin < 0) {
            return Result.malformed("there is no <experience> block");
        }
        int end = output.indexOf(BLOCK_END, begin);
        if (end < 0) {
            return Result.malformed("the <experience> block is not closed");
        }
        String block = output.substring(begin + BLOCK.length(), end);
        List<String> values = new ArrayList<>();
        String operation = null;
        int at = 0;
        while (true) {
            while (at < block.length() && Character.isWhitespace(block.charAt(at))) {
                at++;
            }
            if (at == block.length()) {
                break;
            }
            boolean value = block.startsWith(VALUE, at);
            if (!value && !block.startsWith(OPERATION, at)) {
                return Result.malformed("the <experience> block holds something besides <value> and <operation>");
            }
            String name = value ? "<value>" : "<operation>";
            int textBegin = at + name.length();
            String closing = value ? VALUE_END : OPERATION_END;
            int textEnd = block.indexOf(closing, textBegin);
            if (textEnd < 0) {
                return Result.malformed("a " + name + " is not closed");
            }
            String text = block.substring(textBegin, textEnd).strip();
            if (TAGS.stream().anyMatch(text::contains)) {
                return Result.malformed("a " + name + " holds another tag");
            }
            if (text.isEmpty()) {
                return Result.malformed("a " + name + " is empty");
            }
            if (value) {
                values.add(text);
            } else if (operation != null) {
                return Result.malformed("there is more than one <operation>");
            } else {
                operation = text;
            }
            at = textEnd + closing.length();
        }
        if (values.isEmpty()) {
            return Result.malformed("there is no <value>");
        }
        if (operation == null) {
            return Result.malformed("there is no <operation>");
        }
        return action(operation, values, shown);
    }

    private static Result action(String operation, List<String> values, int shown) {
        if (operation.equals("ADD")) {
            return new Result(new MemoryAction.Add(values), null);
        }
        if (!operation.startsWith(UPDATE)) {
            return Result.malformed("the operation is neither ADD nor UPDATE with a number");
        }
        String number = operation.substring(UPDATE.length());
        boolean digits = !number.isEmpty()
                && number.length() <= 6
                && number.chars().allMatch(c -> c >= '0' && c <= '9')
                && (number.length() == 1 || number.charAt(0) != '0');
        if (!digits) {
            return Result.malformed("UPDATE is not followed by one plain number");
        }
        int index = Integer.parseInt(number);
        if (index >= shown) {
            return Result.malformed(
                    shown == 0
                            ? "UPDATE " + index + " names an entry, but none was retrieved"
                            : "UPDATE " + index + " is out of range: entries 0 to " + (shown - 1) + " were retrieved");
        }
        return new Result(new MemoryAction.Update(index, values), null);
    }
}
