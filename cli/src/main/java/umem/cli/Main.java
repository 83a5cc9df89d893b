package umem.cli;

import umem.cli.terminal.Interrupts;
import umem.cli.terminal.Terminal;
import umem.error.ErrorKind;

/// The process behind the launcher `umem`.
public final class Main {
    private Main() {}

    /// Runs one command and exits with its code.
    public static void main(String[] args) {
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
