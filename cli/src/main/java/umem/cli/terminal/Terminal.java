package umem.cli.terminal;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// Where a command talks to its user: data goes to [#out()], everything else to standard error.
///
/// Standard error knows permanent lines ([#log]) and, on a terminal only, one status line that is rewritten in place.
/// Safe for use by several threads.
public final class Terminal {
    private static final int DEFAULT_COLUMNS = 80;

    private final PrintStream out;
    private final PrintStream err;
    private final boolean outColour;
    private final boolean errColour;
    private final boolean live;
    private final int columns;
    private boolean statusShown;

    private Terminal(
            PrintStream out, PrintStream err, boolean outColour, boolean errColour, boolean live, int columns) {
        this.out = out;
        this.err = err;
        this.outColour = outColour;
        this.errColour = errColour;
        this.live = live;
        this.columns = columns;
    }

    /// The terminal of this process, in UTF-8. The launcher says in `umem.stdout.columns` and `umem.stderr.columns`
    /// which streams are terminals, since Java can't tell for standard error. Colour is off with `NO_COLOR` or a dumb
    /// terminal.
    public static Terminal system() {
        int outColumns = Integer.getInteger("umem.stdout.columns", 0);
        int errColumns = Integer.getInteger("umem.stderr.columns", 0);
        String noColour = System.getenv("NO_COLOR");
        boolean colour = (noColour == null || noColour.isEmpty()) && !"dumb".equals(System.getenv("TERM"));
        return new Terminal(
                new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                colour && outColumns > 0,
                colour && errColumns > 0,
                errColumns > 0 && !"dumb".equals(System.getenv("TERM")),
                errColumns > 0 ? errColumns : DEFAULT_COLUMNS);
    }

    /// Plain streams: no colour, no status line.
    public static Terminal plain(PrintStream out, PrintStream err) {
        return new Terminal(out, err, false, false, false, DEFAULT_COLUMNS);
    }

    /// Plain streams with a status line and colours, as on a terminal `columns` wide.
    public static Terminal interactive(PrintStream out, PrintStream err, int columns) {
        return new Terminal(out, err, true, true, true, columns);
    }

    /// The stream for data.
    public PrintStream out() {
        return out;
    }

    /// The stream for everything else.
    public PrintStream err() {
        return err;
    }

    /// Whether a status line is shown at all; work done only for it can be left out.
    public boolean live() {
        return live;
    }

    /// Width of the terminal in columns.
    public int columns() {
        return columns;
    }

    /// Prints a line of data.
    public void print(String line) {
        synchronized (err) {
            clearStatus();
            out.println(line);
        }
    }

    /// Prints a line for the user on standard error.
    public void log(String line) {
        synchronized (err) {
            clearStatus();
            err.println(line);
            err.flush();
        }
    }

    /// Rewrites the status line, cut to the width of the terminal; does nothing where there is no terminal.
    public void status(String line) {
        if (!live) {
            return;
        }
        synchronized (err) {
            int end = Math.min(line.length(), columns - 1);
            err.print("\r\u001b[2K" + line.substring(0, end));
            err.flush();
            statusShown = true;
        }
    }

    /// Takes the status line away.
    public void clearStatus() {
        synchronized (err) {
            if (statusShown) {
                err.print("\r\u001b[2K");
                err.flush();
                statusShown = false;
            }
        }
    }

    /// `text` in a style, for a line on standard output.
    public String style(Style style, String text) {
        return outColour ? style.apply(text) : text;
    }

    /// `text` in a style, for a line on standard error.
    public String logStyle(Style style, String text) {
        return errColour ? style.apply(text) : text;
    }

    /// Whether standard output takes colours.
    public boolean coloured() {
        return outColour;
    }

    /// Writes out what is buffered.
    public void flush() {
        out.flush();
        err.flush();
    }

    /// A way to set text apart.
    public enum Style {
        BOLD(1),
        DIM(2),
        RED(31),
        GREEN(32),
        YELLOW(33);

        private final int code;

        Style(int code) {
            this.code = code;
        }

        String apply(String text) {
            return String.format(Locale.ROOT, "\u001b[%dm%s\u001b[0m", code, text);
        }
    }
}
