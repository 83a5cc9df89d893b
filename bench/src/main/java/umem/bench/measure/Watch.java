package umem.bench.measure;

import java.util.concurrent.atomic.AtomicBoolean;
import umem.cli.terminal.Interrupts;
import umem.cli.terminal.Terminal;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Shows the user how a benchmark goes on, and ends it at the next stage when the user presses Ctrl-C; what was printed
/// by then stays.
public final class Watch implements Monitor, AutoCloseable {
    private final Terminal terminal;
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final Interrupts.Scope scope;
    private String part = "";

    /// @param terminal whose status line shows the stage
    public Watch(Terminal terminal) {
        this.terminal = terminal;
        this.scope = Interrupts.listen(() -> stopped.set(true));
    }

    /// Begins a part.
    ///
    /// @param name of a case, for example
    public void begin(String name) {
        part = name;
        if (!terminal.live()) {
            terminal.log("bench: " + name);
        }
    }

    @Override
    public void check(String stage) {
        terminal.status("bench: " + part + ": " + stage);
        if (stopped.get()) {
            throw new UmemException(
                    ErrorKind.INTERRUPTED, "stopped during " + part + "; what is printed above is complete");
        }
    }

    @Override
    public void close() {
        terminal.clearStatus();
        scope.close();
    }
}
