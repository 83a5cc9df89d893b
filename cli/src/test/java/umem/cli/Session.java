package umem.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;
import umem.cli.terminal.Json;
import umem.cli.terminal.Terminal;

/// One call of the command line inside this JVM, with what it printed.
record Session(int code, String out, String err) {

    static Session run(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = Terminal.plain(
                new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));
        int code = new Umem(terminal).run(args);
        return new Session(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /// The last line of standard output, which `--json` promises to be an object.
    JsonNode json() {
        return Json.mapper().readTree(out.strip().lines().toList().getLast());
    }
}
