/// The command line.
@org.jspecify.annotations.NullMarked
module umem.cli {
    requires com.samskivert.jmustache;
    requires transitive info.picocli;
    requires java.logging;
    requires jdk.incubator.vector;
    requires jdk.management;
    requires jdk.unsupported;
    requires tools.jackson.databind;
    requires transitive umem.trainer;

    exports umem.cli;
    exports umem.cli.terminal;

    opens umem.cli to
            info.picocli;
    opens umem.cli.command to
            info.picocli;
    opens umem.cli.stream to
            info.picocli;

    uses umem.cli.Subcommand;
}
