package umem.engine.optimizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import umem.bindings.llama.Grammar;
import umem.bindings.llama.LlamaLibrary;
import umem.bindings.llama.Model;
import umem.bindings.llama.ModelOptions;
import umem.engine.testing.Seed;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

class ActionGrammarTest {
    private static final String CHARACTERS = "abcXYZ019 .,:;!?-+*/=()[]{}|\"'\\&#_~\t\n\r<>\u00e9\u00a0\u2003\u4e2d";

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 12})
    void everyTextOfTheGrammarIsWellFormed(int shown) throws Exception {
        Map<String, String> rules = rules(ActionGrammar.of(shown));
        Seed.run(random -> {
            Set<String> operations = new HashSet<>();
            for (int round = 0; round < 3000; round++) {
                String output = walk(rules, "root", random);
                ActionParser.Result result = ActionParser.parse(output, shown);
                assertThat(result.malformed()).as(output).isNull();
                operations.add(Objects.requireNonNull(result.action()).operation());
            }
            assertThat(operations).as("whatever can be named is named").hasSize(shown + 1);
        });
    }

    @Test
    void llamaReadsTheGrammar() {
        Provision provision = Provision.standard(Progress.silent());
        LlamaLibrary library = LlamaLibrary.load(provision.libraries(Accelerator.CPU));
        try (Model model = Model.load(library, provision.model("smollm2-135m-instruct"), ModelOptions.cpu());
                Grammar grammar = Grammar.parse(model.vocabulary(), ActionGrammar.of(3))) {
            assertThat(grammar).isNotNull();
        }
    }

    private static Map<String, String> rules(String grammar) {
        Map<String, String> rules = new HashMap<>();
        grammar.lines().forEach(line -> {
            String[] rule = line.split(" ::= ", 2);
            rules.put(rule[0], rule[1]);
        });
        return rules;
    }

    /// The parts of GBNF that the grammar uses: alternatives, texts, rule names, and `[^...]` with `{0,n}`.
    private static String walk(Map<String, String> rules, String name, Random random) {
        String[] alternatives = Objects.requireNonNull(rules.get(name), name).split(" \\| ");
        String chosen = alternatives[random.nextInt(alternatives.length)];
        Matcher term = Pattern.compile("\"([^\"]*)\"|\\[\\^((?:\\\\.|[^]])*)](?:\\{0,(\\d+)})?|([a-z]+)")
                .matcher(chosen);
        StringBuilder output = new StringBuilder();
        int end = 0;
        while (term.find()) {
            assertThat(chosen.substring(end, term.start())).as("understood").isBlank();
            end = term.end();
            if (term.group(1) != null) {
                output.append(term.group(1));
            } else if (term.group(4) != null) {
                output.append(walk(rules, term.group(4), random));
            } else {
                int least = term.group(3) == null ? 1 : 0;
                int most = term.group(3) == null ? 1 : Math.min(12, Integer.parseInt(term.group(3)));
                // Java spells the characters of a set as GBNF does.
                Pattern allowed = Pattern.compile("[^" + term.group(2) + "]");
                for (int n = least + random.nextInt(most - least + 1); n > 0; ) {
                    String c = String.valueOf(CHARACTERS.charAt(random.nextInt(CHARACTERS.length())));
                    if (allowed.matcher(c).matches()) {
                        output.append(c);
                        n--;
                    }
                }
            }
        }
        assertThat(chosen.substring(end)).as("understood").isBlank();
        return output.toString();
    }
}
