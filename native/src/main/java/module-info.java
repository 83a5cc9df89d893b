/// What the engine stands on: the lock file of everything fetched, the program that provisions it, and the exception
/// family shared by all modules above.
@org.jspecify.annotations.NullMarked
module umem.provision {
    requires transitive org.jspecify;
    requires java.net.http;
    requires tools.jackson.databind;

    exports umem.error;
    exports umem.provision;

    opens umem.provision to
            tools.jackson.databind;
}
