/// Measurements: what memory can do for an executor, and how fast the engine is beside its peers.
@org.jspecify.annotations.NullMarked
module umem.bench {
    requires umem.cli;
    requires tools.jackson.databind;

    opens umem.bench to
            info.picocli;
    opens umem.bench.headroom to
            info.picocli;

    provides umem.cli.Subcommand with
            umem.bench.BenchSubcommand;
}
