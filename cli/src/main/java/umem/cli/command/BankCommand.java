package umem.cli.command;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import umem.cli.terminal.Json;
import umem.cli.terminal.Terminal;
import umem.engine.memory.BankEvent;
import umem.engine.memory.BankExchange;
import umem.engine.memory.BankLog;
import umem.engine.memory.BankRepair;
import umem.engine.memory.MemoryBank;
import umem.engine.memory.MemoryEntry;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// `umem bank`: looks at a memory bank, checks it, moves memories in and out, and goes back in its history.
///
/// No command needs a model. Those that only read need no lock either, so they work beside a running `umem run`. Where
/// the log is damaged they show what lies before the damage and end with code 8; `export` refuses.
@Command(
        name = "bank",
        description = "Look at a memory bank, check it, move memories in and out, go back in its history.",
        synopsisSubcommandLabel = "COMMAND")
public final class BankCommand {
    private final Terminal terminal;

    /// @param terminal where the commands talk to the user
    public BankCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(description = "List the entries.")
    void list(
            @Parameters(paramLabel = "DIR", description = "Folder of the bank.") Path folder,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        BankLog log = read(folder);
        if (json) {
            terminal.print(Json.line(bank(folder).set("entries", BankJson.entries(log.entries()))));
        } else {
            log.entries().forEach(entry -> terminal.print(summary(entry)));
        }
        log.requireUndamaged();
    }

    @Command(description = "Show an entry in all its versions.")
    void show(
            @Parameters(paramLabel = "DIR", description = "Folder of the bank.") Path folder,
            @Parameters(paramLabel = "ID", description = "Id of the entry, as `umem bank list` shows it.") String id,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        BankLog log = read(folder);
        List<MemoryEntry> versions = log.history(id);
        if (versions.isEmpty()) {
            log.requireUndamaged();
            throw new UmemException(
                    ErrorKind.INPUT,
                    "bank " + folder + " never had an entry " + id + "; see `umem bank list " + folder + "`");
        }
        MemoryEntry current = log.entries().stream()
                .filter(entry -> entry.id().equals(id))
                .findFirst()
                .orElse(null);
        if (json) {
            ObjectNode node = bank(folder).put("id", id);
            node.set("current", current == null ? null : BankJson.entry(current));
            terminal.print(Json.line(node.set("versions", BankJson.entries(versions))));
        } else {
            versions.forEach(version -> terminal.print(details(version, version.equals(current))));
        }
        log.requireUndamaged();
    }

    @Command(description = "List the events, oldest first.")
    void log(
            @Parameters(paramLabel = "DIR", description = "Folder of the bank.") Path folder,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        BankLog log = read(folder);
        if (json) {
            ObjectNode node = bank(folder);
            ArrayNode events = node.putArray("events");
            log.events().forEach(event -> events.add(BankJson.event(event)));
            terminal.print(Json.line(node));
        } else {
            log.events().forEach(event -> terminal.print(line(event)));
        }
        log.requireUndamaged();
    }

    @Command(description = "Check the log; exit code 8 if anything is wrong with it.")
    int verify(
            @Parameters(paramLabel = "DIR", description = "Folder of the bank.") Path folder,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        BankLog log = BankLog.read(folder);
        if (json) {
            ObjectNode node = Json.object()
                    .put("ok", log.ok())
                    .put("events", log.intactEvents())
                    .put("entries", log.entries().size());
            log.problems().forEach(node.putArray("problems")::add);
            terminal.print(Json.line(node));
        } else {
            log.problems().forEach(terminal::print);
            terminal.print((log.ok() ? "ok: " : "not ok: ") + counted(log.intactEvents(), "event", "events") + ", "
                    + counted(log.entries().size(), "entry", "entries"));
        }
        return log.ok() ? 0 : ErrorKind.STORAGE.exitCode();
    }

    @Command(
            name = "export",
            description =
                    "Write the entries to a file in the published form, memory.jsonl. The form has no versions and no"
                            + " provenance.")
    void exportEntries(
            @Parameters(paramLabel = "DIR", description = "Folder of the bank.") Path folder,
            @Parameters(paramLabel = "FILE", description = "File to write; replaced if it exists.") Path file,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        BankLog log = read(folder);
        log.requireUndamaged();
        BankExchange.export(log.entries(), file);
        int count = log.entries().size();
        if (json) {
            terminal.print(Json.line(bank(folder).put("file", file.toString()).put("exported", count)));
        } else {
            terminal.print("exported " + counted(count, "entry", "entries") + " to " + file);
        }
    }

    @Command(
            name = "import",
            description =
                    "Add all entries of a file in the published form, memory.jsonl, or none. The bank is created if it"
                            + " does not exist.")
    void importEntries(
            @Parameters(paramLabel = "DIR", description = "Folder of the bank.") Path folder,
            @Parameters(paramLabel = "FILE", description = "File to read.") Path file,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        // Read before the bank is opened: a mistake in the file must not leave a new empty bank behind.
        List<MemoryEntry> entries = BankExchange.read(file);
        try (MemoryBank bank = MemoryBank.openWithoutEncoder(folder)) {
            int imported = bank.importEntries(entries).size();
            if (json) {
                terminal.print(Json.line(bank(folder)
                        .put("file", file.toString())
                        .put("imported", imported)
                        .put("entries", bank.size())
                        .put("sequence", bank.sequence())));
            } else {
                terminal.print("imported " + counted(imported, "entry", "entries") + "; the bank has " + bank.size()
                        + ", and its last event is " + bank.sequence());
            }
        }
    }

    @Command(
            description =
                    "Go back to the state as of an event; nothing is forgotten, and going forth again is possible. If the"
                            + " log is damaged behind that event, it is set aside and cut first.")
    void rollback(
            @Parameters(paramLabel = "DIR", description = "Folder of the bank.") Path folder,
            @Parameters(
                            paramLabel = "SEQ",
                            description = "Number of the event, as `umem bank log` shows it; 0 is the empty bank.")
                    long sequence,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        BankRepair.Outcome outcome = BankRepair.rollback(folder, sequence);
        String setAside = outcome.setAside().map(Path::toString).orElse(null);
        if (json) {
            terminal.print(Json.line(bank(folder)
                    .put("sequence", outcome.sequence())
                    .put("entries", outcome.entries())
                    .put("set_aside", setAside)));
            return;
        }
        if (setAside != null) {
            terminal.print("the damaged log is kept as " + setAside);
        }
        terminal.print("the bank is as of event " + sequence + " again: "
                + counted(outcome.entries(), "entry", "entries") + "; its last event is " + outcome.sequence());
    }

    private BankLog read(Path folder) {
        BankLog log = BankLog.read(folder);
        if (log.damagedLine() == 0) {
            log.problems().forEach(problem -> terminal.log("umem: bank " + folder + ": " + problem));
        }
        return log;
    }

    private static ObjectNode bank(Path folder) {
        return Json.object().put("bank", folder.toString());
    }

    private String summary(MemoryEntry entry) {
        return terminal.style(Terminal.Style.BOLD, oneLine(entry.id()))
                + String.format(
                        Locale.ROOT,
                        "  version %d  used %d  reward %.3f  %s",
                        entry.version(),
                        entry.usageCount(),
                        entry.reward(),
                        oneLine(entry.key()));
    }

    private String details(MemoryEntry version, boolean current) {
        StringBuilder text = new StringBuilder(summary(version)).append(current ? "  (current)" : "");
        for (String value : version.values()) {
            text.append("\n  - ").append(oneLine(value));
        }
        text.append("\n  made ").append(version.provenance().createdAt());
        if (!version.provenance().taskId().isEmpty()) {
            text.append(" at step ").append(version.provenance().step());
            text.append(" from task ").append(oneLine(version.provenance().taskId()));
        }
        return text.toString();
    }

    private static String line(BankEvent event) {
        String what = switch (event) {
            case BankEvent.Added added ->
                "add " + added.entry().id() + ": " + added.entry().key();
            case BankEvent.Updated updated ->
                "update " + updated.entry().id() + " to version "
                        + updated.entry().version() + ": " + updated.entry().key();
            case BankEvent.Imported imported ->
                "import " + counted(imported.entries().size(), "entry", "entries");
            case BankEvent.Used used -> "use " + String.join(", ", used.ids());
            case BankEvent.RolledBack back -> "rollback to event " + back.to();
        };
        return event.sequence() + "  " + event.at() + "  " + oneLine(what);
    }

    private static String counted(long count, String one, String many) {
        return count + " " + (count == 1 ? one : many);
    }

    /// Text of a model or a file, without what would break a line or steer a terminal.
    private static String oneLine(String text) {
        return text.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
    }
}
