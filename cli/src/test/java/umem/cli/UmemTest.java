package umem.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class UmemTest {
    @Test
    void tellsTheVersions() {
        Session session = Session.run("--version", "--json");
        assertThat(session.code()).isZero();
        assertThat(session.json().path("umem").asString()).matches("\\d+\\.\\d+\\.\\d+.*");
        assertThat(session.json().path("jdk").asString())
                .isEqualTo(Runtime.version().toString());
        assertThat(session.json().path("llama").asString()).isEqualTo("0.5.0");
        assertThat(session.err()).isEmpty();

        assertThat(Session.run("--version").out()).startsWith("umem ").contains("\nJDK ", "\nllama.cpp ");
    }

    @Test
    void misuseIsOneLineAndExitCode2() {
        for (String[] args : new String[][] {{}, {"dance"}, {"--nonsense"}, {"completion", "--nonsense"}}) {
            Session session = Session.run(args);
            assertThat(session.code()).isEqualTo(2);
            assertThat(session.out()).isEmpty();
            assertThat(session.err().strip())
                    .startsWith("umem: ")
                    .doesNotContain("\n")
                    .contains("--help");
        }
    }

    @Test
    void everyCommandHasHelpOnStandardOutput() {
        Session session = Session.run("--help");
        assertThat(session.code()).isZero();
        assertThat(session.out()).contains("Usage: umem", "Exit codes: 0", "completion");
        assertThat(session.err()).isEmpty();
        assertThat(Session.run("completion", "--help").out()).contains("Usage: umem completion");
    }

    @Test
    void printsACompletionScript() {
        Session session = Session.run("completion");
        assertThat(session.code()).isZero();
        assertThat(session.out()).contains("complete -F", "completion");
    }
}
