package umem.bench;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `umem bench`: holds the measurements.
@Command(
        name = "bench",
        description = "Measure what memory can do for an executor, and how fast the engine is beside its peers.",
        synopsisSubcommandLabel = "COMMAND")
final class BenchCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated field
    BenchCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a measurement is needed, such as `umem bench headroom`");
    }
}
