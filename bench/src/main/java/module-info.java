/// Measurements: what memory can do for an executor, and how fast the engine is beside its peers.
@org.jspecify.annotations.NullMarked
module umem.bench {
    requires umem.cli;
    requires jdk.incubator.vector;
    requires jdk.management;
    requires tools.jackson.databind;

    exports umem.bench.peer;

    opens umem.bench to
            info.picocli;
    opens umem.bench.embed to
            info.picocli;
    opens umem.bench.headroom to
            info.picocli;
    opens umem.bench.search to
            info.picocli;

    uses umem.bench.peer.EncoderEngine;
    uses umem.bench.peer.SearchEngine;

    provides umem.cli.Subcommand with
            umem.bench.BenchSubcommand;
}
