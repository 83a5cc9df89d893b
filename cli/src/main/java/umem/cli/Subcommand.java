package umem.cli;

/// A command that another module adds to `umem`, found as a service: `umem bench` comes from the bench module, which
/// may
/// use everything and is known by nobody.
public interface Subcommand {
    /// A new object annotated as a picocli command.
    Object command();
}
