package umem.engine.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import umem.engine.testing.Seed;
import umem.engine.testing.SharedData;

class MathAnswerTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            72                          | 72.0
            72                          | 72.
            72                          | +72
            72                          | $72$
            72                          | \\$72
            72                          | 72 dollars
            72                          | 72 \\text{ dollars}
            72                          | 72\\%
            72                          | 72%
            72                          | 72^\\circ
            72                          | 72^{\\circ}
            72                          | 72°
            72                          | x = 72
            72                          | x=72
            72                          | f(x) = 72
            72                          | 144/2
            72                          | 8 \\cdot 9
            72                          | 8 \\times 9
            72                          | 8 × 9
            -5                          | \u22125
            -5                          | {-5}
            1,234,567                   | 1234567
            1234567                     | 1,234,567
            10,000                      | 10{,}000
            10,\\!000                   | 10000
            3.50                        | 3.5
            .5                          | 0.5
            0.5                         | 1/2
            0.5                         | \\frac{1}{2}
            \\frac{1}{2}                | \\dfrac{1}{2}
            \\frac{1}{2}                | \\tfrac12
            \\frac12                    | 0.50
            \\frac{2}{4}                | 1/2
            \\frac{-1}{2}               | -\\frac{1}{2}
            -\\frac{1}{2}               | \\frac{1}{-2}
            \\frac{13}{4}               | 3\\frac{1}{4}
            \\frac{3}{2}                | 1 1/2
            -\\frac{3}{2}               | -1\\frac{1}{2}
            -\\frac{3}{2}               | -1 1/2
            \\frac{\\sqrt{3}}{2}        | \\frac{1}{2}\\sqrt{3}
            \\frac{\\sqrt3}{2}          | \\sqrt{3}/2
            2\\sqrt{3}                  | \\sqrt{12}
            \\sqrt{16}                  | 4
            3\\pi                       | \\pi \\cdot 3
            3\\pi                       | 3π
            \\frac{\\pi}{2}             | π/2
            2^{10}                      | 1024
            \\sqrt[3]{8}                | 2
            \\left( 3, \\frac{\\pi}{2} \\right) | (3, \\pi/2)
            (1,2)                       | \\left(1, 2\\right)
            (1,2)                       | ( 1.0 , 2 )
            [0, \\infty)                | [0,∞)
            (-\\infty, 2]               | \\left(-\\infty, 2\\right]
            x \\in [2, 5]               | [2,5]
            1, 2, 3                     | 3, 1, 2
            \\{1,2\\}                   | \\{2, 1\\}
            \\text{Evelyn}              | evelyn
            \\text{(B)}                 | (B)
            \\text{(B)}                 | B
            \\text{even}                | Even
            x^2 + 2x                    | x^2+2x
            \\begin{pmatrix}1\\\\2\\end{pmatrix} | \\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}
            5.4 \\text{ cents}          | 5.4
            864 \\mbox{ inches}^2       | 864
            """)
    void theSame(String truth, String answer) {
        assertThat(MathAnswer.equal(truth, answer)).isTrue();
        assertThat(MathAnswer.equal(answer, truth)).as("the other way round").isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            72           | 73
            72           | -72
            72           | 7.2
            72           | 720
            72           | 7 2
            72           | x
            1,234        | 1.234
            (1,234)      | 1234
            (12,345)     | (12345)
            12,3         | 123
            0.5          | 0.51
            0.333        | 1/3
            0.3333333333 | \\frac{1}{3}
            1 1/2        | 11/2
            \\frac{1}{2} | 2
            \\frac{1}{2} | \\frac{2}{1}
            \\sqrt{2}    | 1.414
            \\sqrt{2}    | 2
            3\\pi        | 9.42
            3\\pi        | 3
            (1,2)        | (2,1)
            (1,2)        | [1,2]
            (1,2)        | (1,2]
            (1,2)        | (1,2,3)
            (1,2)        | 1,2,3
            [0,\\infty)  | (0,\\infty)
            1, 2, 3      | 1, 2
            1, 1, 2      | 1, 2, 2
            x^2          | x^3
            2x           | x2
            \\text{Evelyn} | Carla
            \\text{(B)}  | C
            B            | (C)
            1/0          | 2/0
            2^{1000000}  | 2^{1000001}
            72           | 72 or 73
            """)
    void notTheSame(String truth, String answer) {
        assertThat(MathAnswer.equal(truth, answer)).isFalse();
        assertThat(MathAnswer.equal(answer, truth)).as("the other way round").isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", ".", "$", "$$", "\\text{}", "{}", ",", "\\%"})
    void nothingIsNotAnAnswer(String text) {
        assertThat(MathAnswer.equal("72", text)).isFalse();
    }

    /// Of the arithmetic that is generated, the value is known.
    @Test
    void evaluatesLikeTheOracle() throws Exception {
        Seed.run(random -> {
            for (int round = 0; round < 2000; round++) {
                Sum sum = Sum.random(random, 4);
                MathExpression.Value value = Objects.requireNonNull(MathExpression.evaluate(sum.text()), sum.text());
                assertThat(value.isExact()).as(sum.text()).isTrue();
                assertThat(value.approximate())
                        .as(sum.text())
                        .isCloseTo(sum.value(), org.assertj.core.data.Percentage.withPercentage(1e-7));
            }
        });
    }

    private record Sum(String text, double value) {
        static Sum random(Random random, int depth) {
            if (depth == 0 || random.nextInt(5) == 0) {
                int n = 1 + random.nextInt(9);
                return switch (random.nextInt(3)) {
                    case 0 -> new Sum(n + ".25", n + 0.25);
                    case 1 -> new Sum("\\frac{" + n + "}{4}", n / 4.0);
                    default -> new Sum(Integer.toString(n), n);
                };
            }
            Sum a = random(random, depth - 1);
            Sum b = random(random, depth - 1);
            return switch (random.nextInt(6)) {
                case 0 -> new Sum("(" + a.text + "+" + b.text + ")", a.value + b.value);
                case 1 -> new Sum("(" + a.text + ")\\cdot(" + b.text + ")", a.value * b.value);
                case 2 -> new Sum("\\frac{" + a.text + "}{" + b.text + "}", a.value / b.value);
                case 3 -> new Sum("(" + a.text + ")/(" + b.text + ")", a.value / b.value);
                case 4 -> new Sum("(" + a.text + ")^2", a.value * a.value);
                default -> new Sum("{" + a.text + "}*{" + b.text + "}", a.value * b.value);
            };
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"math/math500_even_dev.jsonl", "math/gsm8k_train.jsonl"})
    void trueAnswersMatchThemselvesAndNotTheirNeighbours(String path) throws Exception {
        List<Task> tasks = TaskReader.read(SharedData.file(path));
        Seed.run(random -> {
            for (Task task : tasks) {
                String truth = task.answers().getFirst();
                for (String same : List.of(truth, " " + truth + "\n", "$" + truth + "$", "\\(" + truth + "\\)")) {
                    assertThat(AnswerMatcher.matches(task, same))
                            .as(task.id() + " " + same)
                            .isTrue();
                }
                String other = perturbed(truth, random);
                assertThat(AnswerMatcher.matches(task, other))
                        .as(task.id() + ": " + truth + " and " + other)
                        .isFalse();
            }
        });
    }

    /// One digit becomes another, or a letter where there is no digit.
    private static String perturbed(String truth, Random random) {
        List<Integer> digits = java.util.stream.IntStream.range(0, truth.length())
                .filter(i -> Character.isDigit(truth.charAt(i)))
                .boxed()
                .toList();
        StringBuilder other = new StringBuilder(truth);
        if (digits.isEmpty()) {
            int letter = truth.lastIndexOf('}') < 0 ? truth.length() - 1 : truth.lastIndexOf('}') - 1;
            return other.insert(Math.max(0, letter), "q").toString();
        }
        int at = digits.get(random.nextInt(digits.size()));
        other.setCharAt(at, (char) ('0' + (truth.charAt(at) - '0' + 1 + random.nextInt(9)) % 10));
        return other.toString();
    }
}
