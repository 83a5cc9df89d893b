package umem.engine.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static umem.engine.testing.Samples.memories;
import static umem.engine.testing.Samples.task;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import umem.engine.language.ChatMessage;
import umem.engine.task.TaskKind;
import umem.error.ErrorKind;
import umem.error.UmemException;

class PromptsTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void everyBundledPromptRendersForEveryKindOfTask(TaskKind kind) {
        for (Prompts.Name name : Prompts.Name.values()) {
            for (List<String> lessons : List.of(List.<String>of(), List.of("first {{lesson}}", "second <lesson>"))) {
                Map<String, Object> variables =
                        PromptVariables.of(task(kind), memories(lessons.toArray(String[]::new)));
                variables.put("trajectory", "I tried.");
                variables.put("hasReply", true);
                variables.put("reply", "Thank you & goodbye.");
                List<ChatMessage> messages = Prompts.standard().render(name, variables);

                assertThat(messages.getFirst().role()).isEqualTo(ChatMessage.Role.SYSTEM);
                assertThat(messages).allMatch(message -> !message.content().isBlank());
                String last = messages.getLast().content();
                assertThat(messages.getLast().role()).isEqualTo(ChatMessage.Role.USER);
                // As it is: neither escaped nor taken for a template.
                assertThat(last).contains("Which {{colour}} & <which> number?").doesNotContain("{{#", "{{/", "{{^");
                for (int i = 0; i < lessons.size(); i++) {
                    String mark = name.name().startsWith("OPTIMIZER") ? "[" + i + "] " : "- ";
                    assertThat(last).contains(mark + lessons.get(i));
                }
                if (name.name().startsWith("OPTIMIZER")) {
                    assertThat(last).contains("I tried.", "Thank you & goodbye.");
                    assertThat(last.contains("(none)")).isEqualTo(lessons.isEmpty());
                } else {
                    assertThat(last.contains("past experiences")).isEqualTo(!lessons.isEmpty());
                }
            }
        }
    }

    @Test
    void showsOptionsAndContext() {
        Prompts prompts = Prompts.standard();
        assertThat(prompts.render(
                                Prompts.Name.EXECUTOR_MULTIPLE_CHOICE,
                                PromptVariables.of(task(TaskKind.MULTIPLE_CHOICE), List.of()))
                        .getLast()
                        .content())
                .endsWith("number?\n0. red\n1. green\n2. blue");
        assertThat(prompts.render(
                                Prompts.Name.EXECUTOR_QUESTION_ANSWERING,
                                PromptVariables.of(task(TaskKind.QUESTION_ANSWERING), List.of()))
                        .getLast()
                        .content())
                .startsWith("Text:\nA text to read.");
    }

    @Test
    void variablesHoldWhatTheTableSays() {
        Map<String, Object> variables = PromptVariables.of(task(TaskKind.MULTIPLE_CHOICE), memories("a", "b"));
        assertThat(variables)
                .containsOnlyKeys(
                        "question", "hasExperiences", "experiences", "hasChoices", "choices", "hasContext", "context")
                .containsEntry("hasExperiences", true)
                .containsEntry(
                        "experiences", List.of(Map.of("index", 0, "value", "a"), Map.of("index", 1, "value", "b")))
                .containsEntry("hasChoices", true)
                .containsEntry("hasContext", false);
        assertThat((List<?>) variables.get("choices"))
                .element(1)
                .isEqualTo(Map.of("index", 1, "letter", "B", "text", "green"));
    }

    @Test
    void aFolderReplacesSomePrompts() throws IOException {
        write(Prompts.Name.EXECUTOR_MATHS, "[user]\nSolve {{question}}\n[assistant]\nWait.\n[user]\nNow.\n");
        Prompts prompts = Prompts.load(folder);
        Map<String, Object> variables = PromptVariables.of(task(TaskKind.MATHS), List.of());
        assertThat(prompts.render(Prompts.Name.EXECUTOR_MATHS, variables))
                .containsExactly(
                        ChatMessage.user("Solve Which {{colour}} & <which> number?"),
                        ChatMessage.assistant("Wait."),
                        ChatMessage.user("Now."));
        assertThat(prompts.render(Prompts.Name.EXECUTOR_QUESTION_ANSWERING, variables))
                .isEqualTo(Prompts.standard().render(Prompts.Name.EXECUTOR_QUESTION_ANSWERING, variables));
        assertThat(prompts.fingerprint(Prompts.Name.EXECUTOR_MATHS))
                .hasSize(64)
                .isNotEqualTo(Prompts.standard().fingerprint(Prompts.Name.EXECUTOR_MATHS));
        assertThat(prompts.fingerprint(Prompts.Name.OPTIMIZER_FAILURE))
                .isEqualTo(Prompts.standard().fingerprint(Prompts.Name.OPTIMIZER_FAILURE));
    }

    @Test
    void readsWindowsLineEndsAndAByteOrderMark() throws IOException {
        write(Prompts.Name.EXECUTOR_MATHS, "\uFEFF[system]\r\nBe brief.\r\n[user]\r\n{{question}}\r\n");
        assertThat(Prompts.load(folder)
                        .render(Prompts.Name.EXECUTOR_MATHS, PromptVariables.of(task(TaskKind.MATHS), List.of())))
                .containsExactly(
                        ChatMessage.system("Be brief."), ChatMessage.user("Which {{colour}} & <which> number?"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{{qestion}}", "{{#qestion}}x{{/qestion}}", "{{#experiences}}{{valeu}}{{/experiences}}"})
    void namesAVariableThatDoesNotExist(String body) throws IOException {
        write(Prompts.Name.EXECUTOR_MATHS, "[user]\n" + body + "\n");
        Prompts prompts = Prompts.load(folder);
        Map<String, Object> variables = PromptVariables.of(task(TaskKind.MATHS), memories("a"));
        assertThatThrownBy(() -> prompts.render(Prompts.Name.EXECUTOR_MATHS, variables))
                .isInstanceOf(UmemException.class)
                .hasMessageContaining("executor-maths.txt")
                .hasMessageContaining(body.contains("valeu") ? "valeu" : "qestion");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "  \n",
                "no header",
                "Hello\n[user]\nx\n",
                "[robot]\nx\n",
                "[user] x\n",
                "[system]\nx\n",
                "[user]\nx\n[assistant]\ny\n",
                "[user]\n{{#open}}x\n",
                "[user]\n{{/close}}\n",
                "[user]\n\n",
                "[user]"
            })
    void refusesAFileThatIsNoPrompt(String text) throws IOException {
        write(Prompts.Name.EXECUTOR_MATHS, text);
        assertThatThrownBy(() -> Prompts.load(folder))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                .hasMessageContaining("executor-maths.txt")
                .hasMessageContaining("cannot be used")
                .hasMessageNotContaining("\n");
    }

    @Test
    void refusesAFolderWithoutPrompts() {
        for (Path none : List.of(folder, folder.resolve("absent"))) {
            assertThatThrownBy(() -> Prompts.load(none))
                    .isInstanceOf(UmemException.class)
                    .hasMessageContaining(none.toString())
                    .hasMessageContaining("executor-maths.txt");
        }
    }

    @Test
    void refusesBytesThatAreNoUtf8() throws IOException {
        Files.write(folder.resolve(Prompts.Name.EXECUTOR_MATHS.file()), new byte[] {'[', (byte) 0xFC, ']'});
        assertThatThrownBy(() -> Prompts.load(folder))
                .isInstanceOf(UmemException.class)
                .hasMessageContaining("cannot be read")
                .hasMessageContaining("executor-maths.txt");
    }

    private void write(Prompts.Name name, String text) throws IOException {
        Files.writeString(folder.resolve(name.file()), text);
    }
}
