package umem.engine.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import umem.engine.testing.Seed;
import umem.engine.testing.SharedData;

class AnswerMatcherTest {
    private static final List<String> PLANETS = List.of("the Earth", "Mars", "Venus", "None of these");

    private static Task choice(List<String> choices, int answer) {
        return new Task(
                "t", TaskKind.MULTIPLE_CHOICE, "q", choices, null, List.of(Integer.toString(answer)), null, Map.of());
    }

    private static Task open(TaskKind kind, String... answers) {
        return new Task("t", kind, "q", List.of(), null, List.of(answers), null, Map.of());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2",
                "(2)",
                "[2]",
                "2.",
                "2)",
                " 2 \n",
                "option 2",
                "Option (2)",
                "choice 2",
                "answer 2",
                "Answer: 2",
                "C",
                "c",
                "(C)",
                "C.",
                "C)",
                "option C",
                "Answer: (C)",
                "Venus",
                "venus",
                "venus.",
                "2. Venus",
                "(2) Venus",
                "C. Venus",
                "(C) Venus",
                "C: Venus",
                "\\text{C}",
                "\\text{Venus}",
                "\\textbf{(C)}",
                "\\mathrm{C}",
                "**C**",
                "$2$"
            })
    void acceptsEveryWayToNameAnOption(String answer) {
        assertThat(AnswerMatcher.matches(choice(PLANETS, 2), answer)).isTrue();
        assertThat(AnswerMatcher.matches(choice(PLANETS, 1), answer)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "3",
                "4",
                "-2",
                "22",
                "B",
                "E",
                "2.0",
                "2,3",
                "C or D",
                "A, C",
                "not Venus",
                "C. Mars",
                "2. Mars",
                "Venus Mars",
                "99999999999999999999",
                "()",
                "option",
                "ß"
            })
    void acceptsNothingElse(String answer) {
        assertThat(AnswerMatcher.matches(choice(PLANETS, 2), answer)).isFalse();
    }

    /// Options that are numbers: the index is meant where there is one, else the text.
    @Test
    void aNumberIsAnIndexFirst() {
        List<String> numbers = List.of("3", "1", "12", "0");
        assertThat(AnswerMatcher.matches(choice(numbers, 3), "3")).isTrue();
        assertThat(AnswerMatcher.matches(choice(numbers, 0), "3")).isFalse();
        assertThat(AnswerMatcher.matches(choice(numbers, 2), "12")).isTrue();
        assertThat(AnswerMatcher.matches(choice(List.of("-4", "4", "+5", "1.5", "15"), 0), "-4"))
                .isTrue();
        assertThat(AnswerMatcher.matches(choice(List.of("-9", "9", "1.5", "15"), 0), "-9"))
                .isTrue();
        assertThat(AnswerMatcher.matches(choice(List.of("-9", "9", "1.5", "15"), 2), "1.5"))
                .isTrue();
        assertThat(AnswerMatcher.matches(choice(List.of("-9", "9", "1.5", "15"), 3), "1.5"))
                .isFalse();
    }

    /// Options that differ in signs only: normalisation must not make them one.
    @Test
    void optionsOfSignsAreToldApart() {
        List<String> signs = List.of("x < y", "x > y", "x = y", "x + y");
        for (int i = 0; i < signs.size(); i++) {
            for (int j = 0; j < signs.size(); j++) {
                assertThat(AnswerMatcher.matches(choice(signs, i), signs.get(j)))
                        .isEqualTo(i == j);
            }
        }
        assertThat(AnswerMatcher.matches(choice(List.of("C", "A", "B"), 1), "A"))
                .as("a letter is the position, not the text")
                .isFalse();
    }

    @Test
    void everyOptionOfMmluIsFoundByIndexAndLetter() {
        for (Task task : TaskReader.read(SharedData.file("mmlu/test_subjects_a-m.jsonl"))) {
            int truth = Integer.parseInt(task.answers().getFirst());
            for (int i = 0; i < 4; i++) {
                assertThat(AnswerMatcher.matches(task, Integer.toString(i))).isEqualTo(i == truth);
                assertThat(AnswerMatcher.matches(task, "(" + (char) ('A' + i) + ")"))
                        .isEqualTo(i == truth);
                String text = task.choices().get(i);
                if (text.length() > 4 && text.chars().anyMatch(Character::isLetter)) {
                    assertThat(AnswerMatcher.matches(task, text))
                            .as(task.id() + " " + text)
                            .isEqualTo(task.choices().indexOf(text) == truth);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            The Beatles          | beatles
            The Beatles          | the beatles.
            New York City        | "New York, City!"
            an apple             | Apple
            O'Brien              | OBrien
            Müller & Söhne       | müller söhne
            yes                  | Yes
            yes                  | Yes.
            no                   | NO
            rock 'n' roll        | Rock n Roll
            Paris                | \\text{Paris}
            1,200                | 1200
            1200                 | 1,200
            12,345,678           | 12345678
            $5                   | 5
            42                   | 42.0
            3.50                 | 3.5
            -7                   | -7
            -7                   | −7
            15%                  | 15 %
            7 July 1999          | 7 July, 1999
            3B-07                | 3b-07
            gate 4               | Gate 4.
            1986 to 2013         | 1986 to 2013
            """)
    void anAnswerInWordsIsRight(String truth, String answer) {
        assertThat(AnswerMatcher.matches(open(TaskKind.QUESTION_ANSWERING, truth), answer))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            yes          | no
            yes          | yes and no
            yes          |
            The          | a
            Beatles      | Beetles
            New York     | York New
            3B-07        | 3B/07
            3B-07        | 3B07
            42           | 042
            7            | -7
            -7           | 7
            1,200        | 1,2,00
            1.5          | 15
            12           | 1 2
            12           | 1,2
            1999         | 1999 to 2000
            gate 4       | gate 14
            !!!          | ???
            """)
    void anAnswerInWordsIsWrong(String truth, String answer) {
        assertThat(AnswerMatcher.matches(open(TaskKind.QUESTION_ANSWERING, truth), answer == null ? "" : answer))
                .isFalse();
    }

    @Test
    void anyOfSeveralAnswersWillDo() {
        Task task = open(TaskKind.QUESTION_ANSWERING, "USA", "United States");
        assertThat(AnswerMatcher.matches(task, "the United States")).isTrue();
        assertThat(AnswerMatcher.matches(task, "usa")).isTrue();
        assertThat(AnswerMatcher.matches(task, "UK")).isFalse();
    }

    @Test
    void neverHangsOrOverflows() throws Exception {
        List<Task> tasks = List.of(
                choice(PLANETS, 2),
                open(TaskKind.MATHS, "\\frac{1}{2}"),
                open(TaskKind.MATHS, "(1, 2)"),
                open(TaskKind.QUESTION_ANSWERING, "the answer"),
                open(TaskKind.QUESTION_ANSWERING, "3B-07"));
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            for (String part : List.of(
                    "{", "(", "[", "}", "\\frac{", "\\sqrt{", "-", "+", "^", "((", "{,", "(,", "\\text{", "\\left(",
                    "1,", "a", "1", " ", "\n", "\\", "\\\\", "$", "the ", "1/", "x=", "\\text", "a a", "1 a", "A)", ".",
                    "2^", "\uD83D", "\\{", "0.")) {
                for (int length : new int[] {399, 20_000, 1 << 20}) {
                    String text = part.repeat(length / part.length());
                    for (Task task : tasks) {
                        assertThat(AnswerMatcher.matches(task, text)).isFalse();
                    }
                }
            }
        });
        Seed.run(random -> {
            String alphabet = "\\{}()[],.;$%^_-+*/ \n0123456789abxyABπ√−fracsqrttextleft";
            for (int round = 0; round < 5000; round++) {
                StringBuilder text = new StringBuilder();
                for (int length = random.nextInt(40); length > 0; length--) {
                    text.append(
                            switch (random.nextInt(12)) {
                                case 0 -> "\\frac";
                                case 1 -> "\\sqrt";
                                case 2 -> "\\text{";
                                default -> alphabet.charAt(random.nextInt(alphabet.length()));
                            });
                }
                for (Task task : tasks) {
                    AnswerMatcher.matches(task, text.toString());
                }
                MathAnswer.equal(text.toString(), text.toString());
            }
        });
    }
}
