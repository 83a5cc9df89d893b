package umem.cli;

import java.util.logging.Level;
import java.util.logging.Logger;
import umem.cli.terminal.Interrupts;
import umem.cli.terminal.Terminal;
import umem.error.ErrorKind;

/// The process behind the launcher `umem`.
public final class Main {
    /// The Parquet reader tells at every start how it will compute.
    private static final Logger PARQUET = Logger.getLogger("dev.hardwood");

    private Main() {}

    /// Runs one command and exits with its code.
    public static void main(String[] args) {
        // What the engine and its libraries log is one line on standard error, like everything else that is said there.
        System.setProperty("java.util.logging.SimpleFormatter.format", "umem: %5$s%n");
        PARQUET.setLevel(Level.WARNING);
        Terminal terminal = Terminal.system();
        Interrupts.install(terminal);
        int code = new Umem(terminal).run(args);
        terminal.flush();
        // A checked stream swallows errors; a full disk or a closed pipe behind standard output must not look like
        // success.
        if (code == 0 && terminal.out().checkError()) {
            code = ErrorKind.STORAGE.exitCode();
        }
        System.exit(code);
    }
}
