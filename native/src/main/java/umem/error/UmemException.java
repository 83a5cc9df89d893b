package umem.error;

import org.jspecify.annotations.Nullable;

/// The root of every exception that UMEM throws on purpose.
///
/// The message is written for the user: one line that names the cause and the way out. Anything that is not a
/// `UmemException` is a fault of ours.
public class UmemException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorKind kind;

    /// @param kind what went wrong
    /// @param message one line for the user: the cause, and what to do about it
    public UmemException(ErrorKind kind, String message) {
        this(kind, message, null);
    }

    /// @param kind what went wrong
    /// @param message one line for the user: the cause, and what to do about it
    /// @param cause what lies beneath, shown with `--debug`
    public UmemException(ErrorKind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /// What went wrong.
    public final ErrorKind kind() {
        return kind;
    }
}
