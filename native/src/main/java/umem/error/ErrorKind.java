package umem.error;

/// What went wrong, as far as a caller has to know it, and the exit code that the command line maps it to.
public enum ErrorKind {
    /// A fault of ours: an invariant does not hold. Worth a bug report.
    INTERNAL(1),
    /// The command or an argument is wrong.
    USAGE(2),
    /// Input data (a tasks file, a bank to import, a configuration) is malformed. The message names file and line.
    INPUT(3),
    /// A model is missing, damaged, of an unknown architecture, or needs more memory than there is.
    MODEL(4),
    /// A native library is missing, does not match, or refused a call.
    NATIVE(5),
    /// Somebody else holds what is needed, such as a bank that another process has open.
    BUSY(6),
    /// A remote endpoint refused, timed out or answered nonsense, after all retries.
    REMOTE(7),
    /// Reading or writing files failed: disk full, no permission, damaged journal.
    STORAGE(8),
    /// Set-up failed: a tool or a download is missing, a checksum differs, offline without a filled cache.
    SETUP(9),
    /// The user interrupted the work. Everything committed is kept.
    INTERRUPTED(130);

    private final int exitCode;

    ErrorKind(int exitCode) {
        this.exitCode = exitCode;
    }

    /// The exit code of a process that ends for this reason, 1 to 130.
    public int exitCode() {
        return exitCode;
    }
}
