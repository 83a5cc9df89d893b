package umem.cli.command;

import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import umem.cli.terminal.Json;
import umem.engine.memory.BankEvent;
import umem.engine.memory.MemoryEntry;

/// Entries and events of a bank as the commands print them with `--json`.
final class BankJson {
    private BankJson() {}

    static ArrayNode entries(List<MemoryEntry> entries) {
        ArrayNode nodes = Json.array();
        entries.forEach(entry -> nodes.add(entry(entry)));
        return nodes;
    }

    static ObjectNode entry(MemoryEntry entry) {
        ObjectNode node = Json.object()
                .put("id", entry.id())
                .put("version", entry.version())
                .put("key", entry.key());
        entry.values().forEach(node.putArray("values")::add);
        return node.put("usage_count", entry.usageCount())
                .put("reward", entry.reward())
                .put("task", entry.provenance().taskId())
                .put("trajectory", entry.provenance().trajectorySha256())
                .put("executor", entry.provenance().executor())
                .put("optimizer", entry.provenance().optimizer())
                .put("step", entry.provenance().step())
                .put("created", entry.provenance().createdAt().toString());
    }

    static ObjectNode event(BankEvent event) {
        ObjectNode node =
                Json.object().put("seq", event.sequence()).put("at", event.at().toString());
        switch (event) {
            case BankEvent.Added added -> node.put("event", "add").set("entry", entry(added.entry()));
            case BankEvent.Updated updated -> node.put("event", "update").set("entry", entry(updated.entry()));
            case BankEvent.Imported imported -> node.put("event", "import").set("entries", entries(imported.entries()));
            case BankEvent.Used used ->
                used.ids().forEach(node.put("event", "use").putArray("ids")::add);
            case BankEvent.RolledBack back -> node.put("event", "rollback").put("to", back.to());
        }
        return node;
    }
}
