package umem.engine.optimizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import umem.engine.memory.MemoryAction;
import umem.engine.testing.Seed;

class ActionParserTest {
    private static final int SHOWN = 3;

    /// `E`, `V` and `O` stand for the tags experience, value and operation.
    private static String spelled(String text) {
        return text.replaceAll("<(/?)E>", "<$1experience>")
                .replaceAll("<(/?)V>", "<$1value>")
                .replaceAll("<(/?)O>", "<$1operation>")
                .replace("\\n", "\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            <E><V>a</V><O>ADD</O></E>                                         | ADD
            <E><V>a</V><O>UPDATE 0</O></E>                                    | UPDATE 0
            <E><V>a</V><O>UPDATE 2</O></E>                                    | UPDATE 2
            <E><O>ADD</O><V>a</V></E>                                         | ADD
            Analysis.\\n<E>\\n  <V> a </V>\\n  <O> ADD </O>\\n</E>\\nThat is all. | ADD
            The form is <E><V>x</V><O>UPDATE 1</O></E>. So: <E><V>a</V><O>ADD</O></E> | ADD
            A quoted <E> that stays open, then <E><V>a</V><O>ADD</O></E>      | ADD
            </E> before <E><V>a</V><O>ADD</O></E> and after </E>              | ADD
            a < b, <b>bold</b>: <E><V>a</V><O>ADD</O></E> <V>stray</V>        | ADD
            """)
    void wellFormed(String output, String operation) {
        ActionParser.Result result = ActionParser.parse(spelled(output), SHOWN);
        assertThat(result.malformed()).isNull();
        MemoryAction action = Objects.requireNonNull(result.action());
        assertThat(action.operation()).isEqualTo(operation);
        assertThat(action.values()).containsExactly("a");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            nothing                                                | there is no <experience> block
            <EXPERIENCE><V>a</V><O>ADD</O></EXPERIENCE>            | there is no <experience> block
            <E><V>a</V><O>ADD</O>                                  | the <experience> block is not closed
            <E><V>a</V><O>ADD</O></E> and then <E>                 | the <experience> block is not closed
            <E></E>                                                | there is no <value>
            <E><O>ADD</O></E>                                      | there is no <value>
            <E><V></V><O>ADD</O></E>                               | a <value> is empty
            <E><V> \\n </V><O>ADD</O></E>                          | a <value> is empty
            <E><V>a</V><V></V><O>ADD</O></E>                       | a <value> is empty
            <E><V>a<O>ADD</O></E>                                  | a <value> is not closed
            <E><V>a<V>b</V><O>ADD</O></E>                          | a <value> holds another tag
            <E><V>a<O>ADD</O></V></E>                              | a <value> holds another tag
            <E><V>a</V></E>                                        | there is no <operation>
            <E><V>a</V><O></O></E>                                 | a <operation> is empty
            <E><V>a</V><O>ADD</E>                                  | a <operation> is not closed
            <E><V>a</V><O>ADD</O><O>ADD</O></E>                    | there is more than one <operation>
            <E><V>a</V><O>ADD<O>ADD</O></E>                        | a <operation> holds another tag
            <E><V>a</V>ADD</E>                                     | the <experience> block holds something besides
            <E>Lesson: <V>a</V><O>ADD</O></E>                      | the <experience> block holds something besides
            <E><V>a</V><O>ADD</O></O></E>                          | the <experience> block holds something besides
            <E><V>a</V><O>add</O></E>                              | the operation is neither
            <E><V>a</V><O>ADD 1</O></E>                            | the operation is neither
            <E><V>a</V><O>DELETE 1</O></E>                         | the operation is neither
            <E><V>a</V><O>UPDATE</O></E>                           | the operation is neither
            <E><V>a</V><O>UPDATE1</O></E>                          | the operation is neither
            <E><V>a</V><O>UPDATE [1]</O></E>                       | UPDATE is not followed by one plain number
            <E><V>a</V><O>UPDATE  1</O></E>                        | UPDATE is not followed by one plain number
            <E><V>a</V><O>UPDATE -1</O></E>                        | UPDATE is not followed by one plain number
            <E><V>a</V><O>UPDATE 1 2</O></E>                       | UPDATE is not followed by one plain number
            <E><V>a</V><O>UPDATE 01</O></E>                        | UPDATE is not followed by one plain number
            <E><V>a</V><O>UPDATE 1.0</O></E>                       | UPDATE is not followed by one plain number
            <E><V>a</V><O>UPDATE \u0661</O></E>                    | UPDATE is not followed by one plain number
            <E><V>a</V><O>UPDATE 99999999999999999999</O></E>      | UPDATE is not followed by one plain number
            <E><V>a</V><O>UPDATE 3</O></E>                         | UPDATE 3 is out of range: entries 0 to 2 were retrieved
            """)
    void malformed(String output, String reason) {
        ActionParser.Result result = ActionParser.parse(spelled(output), SHOWN);
        assertThat(result.action()).isNull();
        assertThat(result.malformed()).startsWith(reason);
    }

    @Test
    void nothingCanBeUpdatedWhereNothingWasShown() {
        assertThat(ActionParser.parse(spelled("<E><V>a</V><O>UPDATE 0</O></E>"), 0)
                        .malformed())
                .isEqualTo("UPDATE 0 names an entry, but none was retrieved");
        assertThat(ActionParser.parse(spelled("<E><V>a</V><O>ADD</O></E>"), 0).action())
                .isEqualTo(new MemoryAction.Add(List.of("a")));
    }

    @Test
    void takesSeveralValues() {
        assertThat(ActionParser.parse(spelled("<E><V>a</V> <V>b < c</V><O>UPDATE 1</O></E>"), SHOWN)
                        .action())
                .isEqualTo(new MemoryAction.Update(1, List.of("a", "b < c")));
    }

    /// The format of spec section 3 as one expression, in other words than the parser's.
    private static final Pattern FORM = Pattern.compile(
            "(?s).*<experience>\\s*(?:<value>(?:(?!</?(?:experience|value|operation)>).)*\\S(?:(?!</?(?:experience|value|operation)>).)*</value>\\s*)+"
                    + "<operation>\\s*(ADD|UPDATE (0|[1-9]\\d{0,5}))\\s*</operation>\\s*"
                    + "(?:<value>(?:(?!</?(?:experience|value|operation)>).)*</value>\\s*)*</experience>(?:(?!<experience>).)*");

    private static final Pattern OPERATION_FIRST = Pattern.compile("(?s).*<experience>\\s*<operation>.*");

    @Test
    void randomTextNeverThrowsAndAnActionReallyHasTheForm() throws Exception {
        String[] pieces = {
            "<E>",
            "</E>",
            "<V>",
            "</V>",
            "<O>",
            "</O>",
            "ADD",
            "UPDATE 1",
            "UPDATE 7",
            "lesson",
            " ",
            "\n",
            "<",
            ">",
            "</",
            "\uD83D",
            "<E><V>lesson</V>",
            "<O>ADD</O></E>",
            "<O>UPDATE 0</O></E>"
        };
        Seed.run(random -> {
            int actions = 0;
            for (int round = 0; round < 20_000; round++) {
                String output = output(random, pieces);
                ActionParser.Result result = ActionParser.parse(output, SHOWN);
                assertThat(result.action() == null).as(output).isNotEqualTo(result.malformed() == null);
                Matcher form = FORM.matcher(output);
                boolean first = OPERATION_FIRST.matcher(output).matches();
                if (result.action() != null) {
                    actions++;
                    if (!first) {
                        assertThat(form.matches()).as(output).isTrue();
                        assertThat(result.action().operation()).as(output).isEqualTo(form.group(1));
                    }
                    if (result.action() instanceof MemoryAction.Update update) {
                        assertThat(update.index()).isBetween(0, SHOWN - 1);
                    }
                }
            }
            assertThat(actions).as("the pieces do make actions").isPositive();
        });
    }

    private static String output(Random random, String[] pieces) {
        StringBuilder output = new StringBuilder();
        for (int n = random.nextInt(12); n > 0; n--) {
            output.append(pieces[random.nextInt(pieces.length)]);
        }
        return spelled(output.toString());
    }

    /// What a model repeats up to its last token before it comes to the block costs no time.
    @Test
    void longOutputsAreParsedQuickly() {
        for (String part : List.of("<E>", "<V>", "</V>", "<E><V>a</V>", "<O>ADD</O>", "<")) {
            String output = spelled(part.repeat(200_000) + "<E><V>a</V><O>ADD</O></E>");
            assertThat(ActionParser.parse(output, 0).action()).isNotNull();
        }
        assertThat(ActionParser.parse(spelled("<E>" + "<V>a</V>".repeat(100_000) + "<O>ADD</O></E>"), 0)
                        .action())
                .isNotNull();
    }
}
