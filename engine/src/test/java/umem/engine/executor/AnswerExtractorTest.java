package umem.engine.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import umem.engine.testing.Seed;

class AnswerExtractorTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            \\boxed{42}                                        | 42
            So it is $\\boxed{ 42 }$.                          | 42
            boxed{42}                                          | 42
            \\boxed{\\frac{1}{2}}                              | \\frac{1}{2}
            \\boxed{\\{1, 2\\}}                                | \\{1, 2\\}
            \\boxed{a \\} b}                                   | a \\} b
            \\boxed{1} or rather \\boxed{2}                    | 2
            \\boxed{x = \\boxed{3}}                            | 3
            \\boxed{1 or \\boxed{2}                           | 2
            { \\boxed{1}                                       | 1
            } \\boxed{1} }                                     | 1
            <answer>1</answer> stray </answer>                 | 1
            <answer>1 <answer>2</answer>                       | 2
            \\boxed{<answer>5</answer>}                       | 5
            <answer>B</answer>                                 | B
            <answer> B </answer> text                          | B
            <answer>1</answer> <answer>2</answer>              | 2
            <answer>1</answer> \\boxed{2}                      | 2
            \\boxed{2} <answer>1</answer>                      | 1
            <answer>\\boxed{7}</answer>                        | 7
            \\boxed{1} and \\boxed{2                           | 1
            \\boxed{1} <answer>2                               | 1
            """)
    void findsTheLastAnswer(String output, String answer) {
        assertThat(AnswerExtractor.extract(output)).isEqualTo(answer);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "42",
                "\\boxed",
                "\\boxed{",
                "\\boxed{}",
                "\\boxed{  }",
                "\\boxed{42",
                "\\boxed{{42}",
                "<answer>",
                "<answer>42",
                "<answer></answer>",
                "<answer> \n </answer>",
                "</answer>42<answer>",
                "\\boxed{a\\",
                "\\boxed{\\}"
            })
    void findsNone(String output) {
        assertThat(AnswerExtractor.extract(output)).isNull();
    }

    @Test
    void spansLines() {
        assertThat(AnswerExtractor.extract("<answer>\na\nb\n</answer>")).isEqualTo("a\nb");
        assertThat(AnswerExtractor.extract("\\boxed{\na\n}")).isEqualTo("a");
    }

    /// A model that repeats itself to its last token must not hold up the stream.
    @Test
    void neverHangsOrOverflows() {
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            for (String part : new String[] {"\\boxed{", "{", "}", "<answer>", "</answer>", "\\", "boxed{a} "}) {
                AnswerExtractor.extract(part.repeat((1 << 20) / part.length()));
            }
            assertThat(AnswerExtractor.extract("<answer>" + "x".repeat(1 << 20) + "</answer>"))
                    .hasSize(1 << 20);
            String deep = "{".repeat(1 << 19) + "}".repeat(1 << 19);
            assertThat(AnswerExtractor.extract("\\boxed{" + deep + "}")).isEqualTo(deep);
        });
    }

    @Test
    void anyAnswerInBracesComesBack() throws Exception {
        Seed.run(random -> {
            for (int round = 0; round < 2000; round++) {
                StringBuilder answer = new StringBuilder("x");
                int open = 0;
                for (int i = random.nextInt(30); i > 0; i--) {
                    switch (random.nextInt(6)) {
                        case 0 -> {
                            answer.append('{');
                            open++;
                        }
                        case 1 -> {
                            if (open > 0) {
                                answer.append('}');
                                open--;
                            }
                        }
                        case 2 -> answer.append("\\{");
                        default -> answer.append((char) ('a' + random.nextInt(26)));
                    }
                }
                answer.append("}".repeat(open));
                String output = "\\boxed{0} so \\boxed{" + answer + "} {done}";
                assertThat(AnswerExtractor.extract(output)).as(output).isEqualTo(answer.toString());
            }
        });
    }
}
