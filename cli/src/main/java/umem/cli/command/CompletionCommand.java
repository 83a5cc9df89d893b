package umem.cli.command;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import umem.cli.terminal.Terminal;

/// `umem completion`: the script that completes commands and options in bash and zsh.
@Command(
        name = "completion",
        description = "Print the completion script for bash and zsh; use it with: source <(umem completion)")
public final class CompletionCommand implements Runnable {
    private final Terminal terminal;

    @Spec
    private CommandSpec spec;

    /// @param terminal receives the script on standard output
    @SuppressWarnings("NullAway.Init") // picocli sets the annotated field
    public CompletionCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void run() {
        terminal.print(AutoComplete.bash("umem", spec.root().commandLine()));
    }
}
