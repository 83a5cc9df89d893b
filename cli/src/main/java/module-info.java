/// The command line.
@org.jspecify.annotations.NullMarked
module umem.cli {
    requires transitive info.picocli;
    requires jdk.incubator.vector;
    requires tools.jackson.databind;
    requires transitive umem.trainer;

    exports umem.cli;

    opens umem.cli to
            info.picocli;

    uses umem.cli.Subcommand;
}
