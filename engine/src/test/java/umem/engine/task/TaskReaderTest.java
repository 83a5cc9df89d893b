package umem.engine.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import umem.engine.testing.SharedData;
import umem.error.ErrorKind;
import umem.error.UmemException;

class TaskReaderTest {
    private static final String GOOD = """
            {"question": "Which is first?", "choices": ["a", "b"], "answer": 0}""";

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "mmlu/test_subjects_a-m.jsonl, 9408, MULTIPLE_CHOICE",
        "mmlu/dev_a-m.jsonl, 220, MULTIPLE_CHOICE",
        "math/gsm8k_train.jsonl, 7473, MATHS",
        "math/math500_even_dev.jsonl, 250, MATHS",
        "hotpotqa/hotpotqa_ctx_dev100.jsonl, 100, QUESTION_ANSWERING"
    })
    void readsThePublicDataSets(String path, int count, TaskKind kind) {
        List<Task> tasks = TaskReader.read(SharedData.file(path));
        assertThat(tasks).hasSize(count).allMatch(task -> task.kind() == kind);
        Set<String> ids = new HashSet<>();
        tasks.forEach(task -> ids.add(task.id()));
        assertThat(ids).hasSize(count);
        for (Task task : tasks) {
            assertThat(task.answers()).hasSize(1);
            assertThat(task.choices()).hasSize(kind == TaskKind.MULTIPLE_CHOICE ? 4 : 0);
            assertThat(task.context() == null).isEqualTo(kind != TaskKind.QUESTION_ANSWERING);
            assertThat(AnswerMatcher.matches(task, task.answers().getFirst()))
                    .as(task.id())
                    .isTrue();
        }
    }

    @Test
    void keepsWhatTheDataSetsSayBesides() {
        Task maths =
                TaskReader.read(SharedData.file("math/math500_even_dev.jsonl")).getFirst();
        assertThat(maths.attributes()).containsKeys("subject", "level").doesNotContainKeys("solution", "answer");
        Task question = TaskReader.read(SharedData.file("hotpotqa/hotpotqa_ctx_dev100.jsonl"))
                .getFirst();
        assertThat(question.attributes()).containsEntry("type", "bridge").containsEntry("level", "hard");
        assertThat(question.context()).startsWith("Constantin Medien: Constantin Medien AG (formerly");
        assertThat(Objects.requireNonNull(question.context()).lines()).hasSize(10);
    }

    @Test
    void recognisesTheFieldsOfCommonDataSets() throws IOException {
        List<Task> tasks = TaskReader.read(file("""
                {"id": 17, "question": "q", "choices": ["x", 2, true], "answer": "C", "subject": "s", "n": 1.5, "no": null}

                {"question": "q", "choices": ["x", "y"], "answer": "1"}
                {"problem": "p", "answer": 5}
                {"question": "q", "answer": "6", "solution": "s"}
                {"question": "q", "answer": "a", "context": "text"}
                {"question": "q", "answer": "a", "context": [["T", ["One.", " Two."]], ["U", []]]}
                {"question": "q", "answer": true}
                """));
        assertThat(tasks)
                .extracting(Task::id)
                .containsExactly("17", "task-3", "task-4", "task-5", "task-6", "task-7", "task-8");
        assertThat(tasks)
                .extracting(Task::kind)
                .containsExactly(
                        TaskKind.MULTIPLE_CHOICE,
                        TaskKind.MULTIPLE_CHOICE,
                        TaskKind.MATHS,
                        TaskKind.MATHS,
                        TaskKind.QUESTION_ANSWERING,
                        TaskKind.QUESTION_ANSWERING,
                        TaskKind.QUESTION_ANSWERING);
        assertThat(tasks.getFirst().choices()).containsExactly("x", "2", "true");
        assertThat(tasks.getFirst().answers()).containsExactly("2");
        assertThat(tasks.getFirst().attributes()).containsOnlyKeys("subject", "n");
        assertThat(tasks.get(5).context()).isEqualTo("T: One. Two. \nU:");
    }

    @Test
    void ourOwnFormLosesNothing() throws IOException {
        List<Task> tasks = List.of(
                new Task(
                        "a \"quoted\" id\n",
                        TaskKind.MULTIPLE_CHOICE,
                        "Ψ \uD83D\uDE00?",
                        List.of("x", "", "z"),
                        "context\n{}",
                        List.of("2", "0"),
                        new Task.Feedback("yes", "no"),
                        java.util.Map.of("family", "f", "cluster", "3")),
                new Task("b", TaskKind.MATHS, "q", List.of(), null, List.of("1/2", "0.5"), null, java.util.Map.of()));
        StringBuilder lines = new StringBuilder();
        tasks.forEach(task -> lines.append(TaskJson.write(task)).append('\n'));
        assertThat(TaskReader.read(file(lines.toString()))).isEqualTo(tasks);
    }

    @Test
    void readsGzipWindowsLineEndsAndAByteOrderMark() throws IOException {
        String text = "\uFEFF" + GOOD + "\r\n\r\n" + GOOD;
        assertThat(TaskReader.read(file(text))).hasSize(2);
        Path zipped = folder.resolve("tasks.jsonl.gz");
        Files.write(zipped, gzip(text));
        assertThat(TaskReader.read(zipped)).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            {"question": "q", "answer": }                                       | not valid JSON
            {"question": "q", "answer": "a"                                     | not valid JSON
            {"question": "q", "answer": "a"} {"question": "r", "answer": "a"}   | not valid JSON
            {"question": "q", "answer": "a"} nonsense                           | not valid JSON
            {"question": "q", "question": "r", "answer": "a"}                   | not valid JSON
            nonsense                                                            | not valid JSON
            [1, 2]                                                              | not a JSON object
            null                                                                | not a JSON object
            "text"                                                              | not a JSON object
            {}                                                                  | field "question" is missing
            {"answer": "a"}                                                     | field "question" is missing
            {"question": "q"}                                                   | field "answer" is missing
            {"problem": "q"}                                                    | field "answer" is missing
            {"question": 5, "answer": "a"}                                      | field "question" is not a text
            {"question": null, "answer": "a"}                                   | field "question" is not a text
            {"question": " ", "answer": "a"}                                    | question is blank
            {"id": " ", "question": "q", "answer": "a"}                         | id is blank
            {"id": null, "question": "q", "answer": "a"}                        | field "id" is neither
            {"id": ["x"], "question": "q", "answer": "a"}                       | field "id" is neither
            {"question": "q", "answer": null}                                   | field "answer" is neither
            {"question": "q", "answer": ["a"]}                                  | field "answer" is neither
            {"question": "q", "answer": " "}                                    | an answer is blank
            {"question": "q", "choices": "ab", "answer": 0}                     | field "choices" is not a list
            {"question": "q", "choices": [["a"]], "answer": 0}                  | field "choices" holds something
            {"question": "q", "choices": [], "answer": 0}                       | answer 0 is not the 0-based index of one of the 0 choices
            {"question": "q", "choices": ["a", "b"], "answer": 2}               | answer 2 is not the 0-based index of one of the 2 choices
            {"question": "q", "choices": ["a", "b"], "answer": -1}              | answer -1 is not
            {"question": "q", "choices": ["a", "b"], "answer": 1.0}             | answer 1.0 is not
            {"question": "q", "choices": ["a", "b"], "answer": "C"}             | answer C is not
            {"question": "q", "choices": ["a", "b"], "answer": "ß"}             | answer ß is not
            {"question": "q", "answer": "a", "context": 5}                      | field "context" is neither
            {"question": "q", "answer": "a", "context": [["T"]]}                | a paragraph of "context" is not
            {"question": "q", "answer": "a", "context": [{"T": []}]}            | a paragraph of "context" is not
            {"kind": "riddle", "question": "q", "answers": ["a"]}               | field "kind" is "riddle"; known are
            {"kind": 3, "question": "q", "answers": ["a"]}                      | field "kind" is not a text
            {"kind": "maths", "question": "q", "answer": "a"}                   | field "answers" is missing
            {"kind": "maths", "question": "q", "answers": []}                   | no answer
            {"kind": "maths", "question": "q", "answers": "a"}                  | field "answers" is not a list
            {"kind": "maths", "question": "q", "answers": ["a"], "feedback": 1} | field "feedback" is not an object
            {"kind": "maths", "question": "q", "answers": ["a"], "feedback": {"accepted": "x"}} | field "rejected" is missing
            {"kind": "maths", "question": "q", "answers": ["a"], "attributes": [1]} | field "attributes" is not an object
            {"kind": "maths", "question": "q", "answers": ["a"], "attributes": {"x": {}}} | field "x" is neither a text nor a number
            """)
    void namesFileLineAndReason(String line, String reason) throws IOException {
        Path file = file(GOOD + "\n\n" + line.strip() + "\n" + GOOD);
        assertRefused(file, file + ":3: ", reason);
    }

    @Test
    void refusesTheSameIdTwice() throws IOException {
        String line = """
                {"id": "x", "question": "q", "answer": "a"}
                """;
        Path file = file(line + GOOD + "\n" + line);
        assertRefused(file, file + ":3: ", "the id \"x\" occurs a second time");
        // An id that is given may be the one that another line gets for want of its own.
        Path fallback = file("{\"id\": \"task-2\", \"question\": \"q\", \"answer\": \"a\"}\n" + GOOD);
        assertRefused(fallback, fallback + ":2: ", "the id \"task-2\" occurs a second time");
    }

    @Test
    void refusesWhatIsNoFileOfTasks() throws IOException {
        assertRefused(folder.resolve("absent.jsonl"), "absent.jsonl", "does not exist");
        assertRefused(folder, folder.toString(), "is not a file");
        assertRefused(file(""), "tasks.jsonl", "holds no tasks");
        assertRefused(file("\n  \n\t\n"), "tasks.jsonl", "holds no tasks");
    }

    @Test
    void refusesBytesThatAreNoUtf8() throws IOException {
        Path file = folder.resolve("latin.jsonl");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes((GOOD + "\n").getBytes(StandardCharsets.UTF_8));
        bytes.writeBytes("{\"question\": \"Größe\", \"answer\": \"a\"}".getBytes(StandardCharsets.ISO_8859_1));
        Files.write(file, bytes.toByteArray());
        assertRefused(file, file + ":2: ", "not valid UTF-8");
    }

    @Test
    void refusesALineThatIsTooLong() throws IOException {
        Path file = folder.resolve("long.jsonl.gz");
        byte[] block = new byte[1 << 20];
        Arrays.fill(block, (byte) ' ');
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file), 1 << 16)) {
            out.write((GOOD + "\n").getBytes(StandardCharsets.UTF_8));
            for (int i = 0; i < 17; i++) {
                out.write(block);
            }
        }
        assertRefused(file, file + ":2: ", "longer than 16 MiB");
    }

    @Test
    void refusesGzipThatIsDamaged() throws IOException {
        byte[] whole = gzip((GOOD + "\n").repeat(1000));
        Path file = folder.resolve("damaged.jsonl.gz");
        for (int length : new int[] {0, 1, 9, 12, whole.length / 2, whole.length - 9, whole.length - 1}) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertRefused(file, file.toString(), "cannot be read");
        }
        Files.writeString(file, GOOD);
        assertRefused(file, file.toString(), "cannot be read: Not in GZIP format");
        byte[] wrongSum = whole.clone();
        wrongSum[whole.length - 6] ^= 1;
        Files.write(file, wrongSum);
        assertRefused(file, file.toString(), "cannot be read");
    }

    @Test
    void refusesJsonThatIsNestedTooDeeply() throws IOException {
        for (String deep : List.of("[".repeat(1 << 20), "{\"question\":".repeat(100_000))) {
            Path file = file(deep);
            assertRefused(file, file + ":1: ", "not valid JSON");
        }
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("tasks.jsonl"), text);
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    static void assertRefused(Path file, String where, String reason) {
        Throwable thrown = catchThrowable(() -> TaskReader.read(file));
        assertThat(thrown)
                .isInstanceOf(UmemException.class)
                .hasMessageContaining(where)
                .hasMessageContaining(reason);
        assertThat(((UmemException) thrown).kind()).isEqualTo(ErrorKind.INPUT);
        assertThat(thrown.getMessage()).doesNotContain("\n").hasSizeLessThan(2000);
    }
}
