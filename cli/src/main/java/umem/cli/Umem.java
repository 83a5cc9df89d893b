package umem.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ServiceLoader;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;
import umem.cli.command.BankCommand;
import umem.cli.command.CompletionCommand;
import umem.cli.command.DoctorCommand;
import umem.cli.command.EmbedCommand;
import umem.cli.command.ModelsCommand;
import umem.cli.command.NeighborsBuildCommand;
import umem.cli.command.NeighborsCommand;
import umem.cli.command.Version;
import umem.cli.stream.DemoCommand;
import umem.cli.stream.RunCommand;
import umem.cli.terminal.Terminal;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The command line: parses, runs a command, and turns what went wrong into one line and an exit code.
///
/// Exit codes are those of [ErrorKind]; 0 is success.
@Command(
        name = "umem",
        description = "A memory for frozen language models that evolves while they work.",
        footer = {
            "",
            "Exit codes: 0 done, 1 a fault of UMEM, 2 usage, 3 malformed input, 4 model,",
            "  5 native library, 6 held by another process, 7 remote endpoint, 8 storage,",
            "  9 set-up, 130 interrupted.",
            "Environment: UMEM_CACHE (models and libraries), UMEM_OFFLINE=1, UMEM_JAVA_OPTS,",
            "  NO_COLOR."
        },
        synopsisSubcommandLabel = "COMMAND",
        sortOptions = false)
public final class Umem implements Runnable {
    private final Terminal terminal;

    @Spec
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show the stack trace of an error.")
    private boolean debug;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help and exit.")
    private boolean help;

    @Option(names = "--version", description = "Show the versions of UMEM, Java and llama.cpp and exit.")
    private boolean version;

    @Option(names = "--json", description = "With --version: print JSON.")
    private boolean json;

    /// @param terminal where commands talk to the user
    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    public Umem(Terminal terminal) {
        this.terminal = terminal;
    }

    /// Runs one command; never exits the process and never throws for anything a user can do.
    ///
    /// @return the exit code
    public int run(String... args) {
        int code;
        try {
            code = commandLine().execute(args);
        } catch (OutOfMemoryError e) {
            terminal.log("umem: Java has no memory left (" + oneLine(e.getMessage())
                    + "); give it more with UMEM_JAVA_OPTS=-Xmx8g");
            code = ErrorKind.INTERNAL.exitCode();
        }
        terminal.clearStatus();
        terminal.flush();
        return code;
    }

    /// The parser with all commands, those of other modules included.
    CommandLine commandLine() {
        CommandLine line = new CommandLine(this)
                .addSubcommand("demo", new DemoCommand(terminal))
                .addSubcommand("run", new RunCommand(terminal))
                .addSubcommand("bank", new BankCommand(terminal))
                .addSubcommand("doctor", new DoctorCommand(terminal))
                .addSubcommand("embed", new EmbedCommand(terminal, System.in))
                .addSubcommand("models", new ModelsCommand(terminal))
                .addSubcommand(
                        "neighbors",
                        new CommandLine(new NeighborsCommand(terminal))
                                .addSubcommand("build", new NeighborsBuildCommand(terminal)))
                .addSubcommand("completion", new CompletionCommand(terminal));
        for (Subcommand subcommand : ServiceLoader.load(Subcommand.class)) {
            line.addSubcommand(subcommand.command(terminal));
        }
        line.setOut(new PrintWriter(terminal.out(), true));
        line.setErr(new PrintWriter(terminal.err(), true));
        line.setColorScheme(CommandLine.Help.defaultColorScheme(terminal.coloured() ? Ansi.ON : Ansi.OFF));
        line.setUsageHelpAutoWidth(false).setUsageHelpWidth(Math.clamp(terminal.columns(), 80, 120));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setParameterExceptionHandler(this::misused);
        line.setExecutionExceptionHandler((failure, command, parsed) -> failed(failure));
        return line;
    }

    @Override
    public void run() {
        if (!version) {
            throw new ParameterException(spec.commandLine(), "a command is needed, such as `umem demo`");
        }
        Version.print(terminal, json);
    }

    private int misused(ParameterException failure, String[] args) {
        CommandLine line = failure.getCommandLine();
        StringWriter message = new StringWriter();
        message.append("umem: ").append(oneLine(failure.getMessage()));
        StringWriter suggestions = new StringWriter();
        if (UnmatchedArgumentException.printSuggestions(failure, new PrintWriter(suggestions, true))
                && !suggestions.toString().isBlank()) {
            message.append(" (").append(oneLine(suggestions.toString())).append(')');
        }
        message.append("; see `").append(line.getCommandSpec().qualifiedName()).append(" --help`");
        terminal.log(message.toString());
        trace(failure);
        return ErrorKind.USAGE.exitCode();
    }

    private int failed(Exception failure) {
        trace(failure);
        if (failure instanceof UmemException expected) {
            terminal.log("umem: " + oneLine(expected.getMessage()));
            return expected.kind().exitCode();
        }
        terminal.log("umem: a fault of UMEM: " + oneLine(failure.toString())
                + (debug ? "" : " (run again with --debug for the details, and please report it)"));
        return ErrorKind.INTERNAL.exitCode();
    }

    private void trace(Exception failure) {
        if (debug) {
            StringWriter trace = new StringWriter();
            failure.printStackTrace(new PrintWriter(trace));
            terminal.log(trace.toString().stripTrailing());
        }
    }

    private static String oneLine(@org.jspecify.annotations.Nullable String text) {
        return text == null ? "no message" : text.strip().replaceAll("\\s*\\R\\s*", " | ");
    }
}
