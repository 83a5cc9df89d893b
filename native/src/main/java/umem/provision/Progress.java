package umem.provision;

import java.io.PrintStream;

/// Hears how set-up goes on. Calls come from the thread that provisions and from none other, several times a second at
/// most; an implementation must be quick and must not throw.
public interface Progress {
    /// What set-up is doing.
    enum Stage {
        /// Bytes come in from a source.
        FETCH,
        /// The checksum of what is there is being computed.
        VERIFY,
        /// An archive is unpacked.
        UNPACK,
        /// A native library is compiled.
        BUILD,
        /// A system package is installed.
        INSTALL,
        /// Another process does the same work; we wait for it.
        WAIT;

        /// The words before the artifact's name, such as `fetching`.
        public String verb() {
            return switch (this) {
                case FETCH -> "fetching";
                case VERIFY -> "verifying";
                case UNPACK -> "unpacking";
                case BUILD -> "building";
                case INSTALL -> "installing";
                case WAIT -> "waiting for another process that provides";
            };
        }
    }

    /// Some work has begun, gone on or ended (then `done == total`).
    ///
    /// @param name the artifact, as in the lock file
    /// @param stage what is being done with it
    /// @param done bytes done so far, 0 where the work is not counted in bytes
    /// @param total bytes in all, -1 where unknown
    void advance(String name, Stage stage, long done, long total);

    /// A single line worth telling, such as a source that could not be reached and the one that is tried next.
    void note(String line);

    /// Hears nothing.
    static Progress silent() {
        return new Progress() {
            @Override
            public void advance(String name, Stage stage, long done, long total) {}

            @Override
            public void note(String line) {}
        };
    }

    /// Prints a line at the start and the end of each piece of work and every few seconds between. Fit for logs and for
    /// anything that is not a terminal.
    ///
    /// @param out the stream, usually standard error
    static Progress lines(PrintStream out) {
        return new ProgressLines(out);
    }
}
