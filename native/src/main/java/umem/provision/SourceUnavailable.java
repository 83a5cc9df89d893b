package umem.provision;

/// A source that cannot deliver. The message is the reason in a few words; the next source is tried.
final class SourceUnavailable extends Exception {
    private static final long serialVersionUID = 1L;

    SourceUnavailable(String reason) {
        super(reason);
    }
}
