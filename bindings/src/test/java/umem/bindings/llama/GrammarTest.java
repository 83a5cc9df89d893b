package umem.bindings.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import umem.error.ErrorKind;
import umem.error.UmemException;

class GrammarTest {
    private static Model model;

    @BeforeAll
    static void load() {
        model = SmolLm.load();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static void refused(String gbnf, String reason) {
        assertThatThrownBy(() -> Grammar.parse(model.vocabulary(), gbnf).close())
                .asInstanceOf(InstanceOfAssertFactories.type(UmemException.class))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                .satisfies(e -> assertThat(e)
                        .hasMessageStartingWith("the grammar is refused: ")
                        .hasMessageContaining(reason));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "root ::= [",
                "root ::= \"a",
                "top ::= \"a\"",
                "root ::= missing",
                "root ::= root \"a\"",
                "root ::= (\"\"){0,}",
                "root ::= \"\\u12\"",
                "no grammar at all"
            })
    void whatLlamaRefuses(String gbnf) {
        refused(gbnf, "");
    }

    /// Each of these ended the process, asked for all memory, or constrained nothing.
    @Test
    void whatWouldEndTheProcess() {
        refused("root ::= \"a\"{5,2}", "at least 5 and at most 2");
        refused("root ::= \"a\"{1,100000000}", "100000000 repetitions");
        refused("root ::= \"a\"{99999999999999999999}", "99999999999999999999");
        refused("root ::= " + "(".repeat(100_000) + "\"a\"" + ")".repeat(100_000), "nested");
        StringBuilder chain = new StringBuilder("root ::= r0\n");
        for (int i = 0; i < 20_000; i++) {
            chain.append("r").append(i).append(" ::= r").append(i + 1).append('\n');
        }
        refused(chain + "r20000 ::= \"a\"\n", "more than 1000 rules");
        refused(" \n", "it is empty");
        refused("root ::= \"a\0\"", "NUL");
    }

    @Test
    void whatOnlyLooksLikeIt() {
        String parentheses = "(".repeat(300);
        for (String gbnf : new String[] {
            "root ::= \"" + parentheses + "\\\"" + parentheses + "{5,2}\"",
            "root ::= [" + parentheses + "{5,2}\\]=] # " + parentheses + "{5,2}\n",
            "root ::= (\"a\" | (\"b\"){2}){3,} \"=\"{0,2000}"
        }) {
            Grammar.parse(model.vocabulary(), gbnf).close();
        }
        String nested = "(".repeat(200) + "\"a\"" + ")".repeat(200);
        Grammar.parse(model.vocabulary(), "root ::= " + nested).close();
    }

    @Test
    void onlyTokensThatItAllowsAreAccepted() {
        Vocabulary vocabulary = model.vocabulary();
        int a = vocabulary.tokenize("a", false, false)[0];
        int b = vocabulary.tokenize("b", false, false)[0];
        int end = vocabulary.endOfSequence();
        try (Grammar grammar = Grammar.parse(vocabulary, "root ::= \"ab\"")) {
            assertThat(grammar.accepts(a)).isTrue();
            assertThat(grammar.accepts(b)).isFalse();
            assertThat(grammar.accepts(end)).isFalse();
            assertThatThrownBy(() -> grammar.accept(b)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> grammar.accept(end)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> grammar.accepts(vocabulary.size())).isInstanceOf(IndexOutOfBoundsException.class);
            grammar.accept(a);
            grammar.accept(b);
            assertThat(grammar.accepts(a)).isFalse();
            assertThat(grammar.accepts(end)).isTrue();
        }
    }
}
