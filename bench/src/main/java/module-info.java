/// Measurements: what memory can do for an executor, and how fast the engine is beside its peers.
@org.jspecify.annotations.NullMarked
module umem.bench {
    requires umem.cli;
    requires tools.jackson.databind;
}
