package umem.cli;

import umem.cli.terminal.Terminal;

/// A command that another module adds to `umem`, found as a service: `umem bench` comes from the bench module, which
/// may use everything and is known by nobody.
public interface Subcommand {
    /// A new object annotated as a picocli command.
    ///
    /// @param terminal where it talks to the user
    Object command(Terminal terminal);
}
