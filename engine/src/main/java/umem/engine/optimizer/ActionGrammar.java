package umem.engine.optimizer;

/// A GBNF grammar of the outputs that [ActionParser] accepts: a short analysis, then one block whose operation names
/// only what can be named. For models that would otherwise miss the format; off by default, since the format reward
/// needs failures to learn from.
final class ActionGrammar {
    /// Control characters and every space of Unicode: a value that begins with one could be blank.
    private static final String SPACES =
            "\\x00-\\x20\\x7F-\\xA0\\u1680\\u2000-\\u200F\\u2028-\\u202F\\u205F-\\u206F\\u3000\\uFEFF";

    private ActionGrammar() {}

    /// @param shown number of entries that UPDATE may name
    static String of(int shown) {
        StringBuilder operations = new StringBuilder("\"ADD\"");
        for (int i = 0; i < shown; i++) {
            operations.append(" | \"UPDATE ").append(i).append('"');
        }
        return """
                root ::= analysis "<experience><value>" value "</value><operation>" operation "</operation></experience>"
                analysis ::= [^<>]{0,400}
                value ::= [^<>%s] [^<>\\n\\t]{0,400}
                operation ::= %s
                """.formatted(SPACES, operations);
    }
}
