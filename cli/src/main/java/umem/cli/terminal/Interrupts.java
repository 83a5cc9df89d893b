package umem.cli.terminal;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import sun.misc.Signal;
import umem.error.ErrorKind;

/// Ctrl-C. The first one asks the work under way to stop at a place where nothing is lost; the second one, or the first
/// one while nothing has asked to be told, ends the process at once. Everything committed is on disk at any moment, so
/// that ending at once costs no more than the step under way.
public final class Interrupts {
    private static final Interrupts INSTANCE = new Interrupts();

    private final AtomicInteger count = new AtomicInteger();
    private final AtomicReference<@Nullable Runnable> listener = new AtomicReference<>();

    private Interrupts() {}

    /// Handles SIGINT for this process from now on.
    ///
    /// @param terminal where the user is told what happens
    public static void install(Terminal terminal) {
        Signal.handle(new Signal("INT"), signal -> INSTANCE.interrupted(terminal));
    }

    /// Asks for `stop` to be called, on another thread, when the user interrupts; until the scope is closed.
    public static Scope listen(Runnable stop) {
        INSTANCE.listener.set(stop);
        return () -> INSTANCE.listener.set(null);
    }

    private void interrupted(Terminal terminal) {
        Runnable stop = listener.get();
        if (count.incrementAndGet() == 1 && stop != null) {
            terminal.log("umem: stopping at the end of this step; press Ctrl-C again to stop at once");
            stop.run();
            return;
        }
        terminal.log("umem: interrupted");
        terminal.flush();
        Runtime.getRuntime().halt(ErrorKind.INTERRUPTED.exitCode());
    }

    /// A stretch of work that wants to be told.
    public interface Scope extends AutoCloseable {
        @Override
        void close();
    }
}
