package umem.bench;

import picocli.CommandLine;
import umem.bench.embed.EmbedBenchCommand;
import umem.bench.headroom.HeadroomCommand;
import umem.bench.search.SearchBenchCommand;
import umem.cli.Subcommand;
import umem.cli.terminal.Terminal;

/// Adds `umem bench` to the command line.
public final class BenchSubcommand implements Subcommand {
    /// For the service loader.
    public BenchSubcommand() {}

    @Override
    public Object command(Terminal terminal) {
        return new CommandLine(new BenchCommand())
                .addSubcommand(HeadroomCommand.standard(terminal))
                .addSubcommand(SearchBenchCommand.standard(terminal))
                .addSubcommand(EmbedBenchCommand.standard(terminal));
    }
}
