package umem.cli.command;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import umem.cli.terminal.Json;
import umem.cli.terminal.Terminal;
import umem.engine.neighborhood.Neighbor;
import umem.engine.neighborhood.Neighborhoods;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// `umem neighbors`: semantic neighbourhoods. `build` is [NeighborsBuildCommand].
@Command(
        name = "neighbors",
        description = "Find, for each task, the tasks nearest to it: the future queries that a memory has to help.",
        synopsisSubcommandLabel = "COMMAND")
public final class NeighborsCommand {
    private final Terminal terminal;

    /// @param terminal where the commands talk to the user
    public NeighborsCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(description = "Show the neighbours of a task.")
    void show(
            @Option(
                            names = "--neighborhoods",
                            paramLabel = "FILE",
                            required = true,
                            description = "File that `umem neighbors build` wrote.")
                    Path file,
            @Option(names = "--task", paramLabel = "ID", required = true, description = "Id of the task.") String task,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        Neighborhoods neighborhoods = Neighborhoods.read(file);
        if (!neighborhoods.contains(task)) {
            throw new UmemException(ErrorKind.INPUT, file + " has no task \"" + task + "\"");
        }
        List<Neighbor> neighbors = neighborhoods.of(task);
        if (json) {
            ObjectNode node = Json.object().put("id", task);
            ArrayNode list = node.putArray("neighbors");
            for (Neighbor neighbor : neighbors) {
                ObjectNode object = list.addObject().put("id", neighbor.id());
                if (!Float.isNaN(neighbor.similarity())) {
                    object.put("similarity", neighbor.similarity());
                }
            }
            terminal.print(Json.line(node));
        } else if (neighbors.isEmpty()) {
            terminal.print("no neighbours");
        } else {
            neighbors.forEach(neighbor -> terminal.print((Float.isNaN(neighbor.similarity())
                            ? "     -"
                            : String.format(Locale.ROOT, "%6.4f", neighbor.similarity()))
                    + "  " + neighbor.id()));
        }
    }
}
