package umem.cli.report;

import com.samskivert.mustache.Mustache;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import umem.engine.evolution.Attempt;
import umem.engine.evolution.Metrics;
import umem.engine.evolution.RunConfig;
import umem.engine.evolution.RunFolder;
import umem.engine.evolution.Step;
import umem.engine.evolution.Summary;
import umem.engine.memory.MemoryBank;
import umem.engine.memory.MemoryEntry;
import umem.engine.task.Task;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A run as one HTML file that needs nothing else: the curve, the bank, and every step.
public final class Report {
    private static final int MOST_STEPS = 400;
    private static final int MOST_ENTRIES = 400;
    private static final int LONGEST_CONTEXT = 2_000;
    private static final List<String> GROUPINGS = List.of("family", "subject", "level", "type");

    private final RunFolder folder;
    private final RunConfig config;
    private final Summary summary;
    private final Map<String, Task> tasks = new HashMap<>();
    private final Map<String, Attempt> without = new HashMap<>();
    private final List<Metrics> metrics = new ArrayList<>();

    private Report(RunFolder folder, RunConfig config, Summary summary, List<Task> tasks) {
        this.folder = folder;
        this.config = config;
        this.summary = summary;
        tasks.forEach(task -> this.tasks.put(task.id(), task));
        folder.baseline(line -> without.put(line.task(), line.attempt()));
        folder.metrics(metrics::add);
    }

    /// Writes `report.html` into the folder of a complete run.
    ///
    /// @param tasks the tasks of the run
    /// @param bank the bank as the run left it
    /// @param version of this program
    /// @return the file
    /// @throws UmemException of kind STORAGE if it cannot be written
    public static Path write(RunFolder folder, Summary summary, List<Task> tasks, MemoryBank bank, String version) {
        RunConfig config = folder.config().orElseThrow();
        String html = new Report(folder, config, summary, tasks).html(bank, version);
        Path file = folder.file("report.html");
        Path staged = folder.file("report.html.tmp");
        try {
            Files.writeString(staged, html);
            Files.move(staged, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return file;
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, file + " cannot be written: " + e.getMessage(), e);
        }
    }

    private String html(MemoryBank bank, String version) {
        try (Reader template = new InputStreamReader(
                Objects.requireNonNull(Report.class.getResourceAsStream("/umem/cli/report/report.html")),
                StandardCharsets.UTF_8)) {
            return Mustache.compiler()
                    .emptyStringIsFalse(true)
                    .strictSections(true)
                    .compile(template)
                    .execute(variables(bank, version));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private Map<String, Object> variables(MemoryBank bank, String version) {
        Map<String, Object> all = new HashMap<>();
        long solved = Math.round(summary.accuracyWithMemory() * summary.steps());
        long solvedWithout = Math.round(summary.accuracyNoMemory() * summary.steps());
        all.put(
                "headline",
                percent(summary.accuracyNoMemory()) + " solved with an empty bank, "
                        + percent(summary.accuracyWithMemory()) + " with an evolving one");
        all.put("tasks", summary.steps());
        all.put("executor", config.executor());
        all.put("optimizer", config.optimizer());
        all.put("encoder", config.encoder());
        all.put("seed", Long.toString(config.options().seed()));
        all.put("started", config.started());
        all.put("baseline", true);
        all.put("accuracyWithout", percent(summary.accuracyNoMemory()));
        all.put("solvedWithout", solvedWithout);
        all.put("accuracyWith", percent(summary.accuracyWithMemory()));
        all.put("solvedWith", solved);
        all.put("difference", points(summary.accuracyWithMemory() - summary.accuracyNoMemory()));
        all.put("interval", Intervals.points(summary.ci95()));
        all.put("memories", summary.memories());
        all.put("added", summary.added());
        all.put("updated", summary.updated());
        all.put("epochsMany", config.options().epochs() > 1);
        all.put("guardOff", !config.options().leaveOneOut());
        all.put("unfinished", false);
        all.put("chart", CurveChart.svg(metrics));
        all.put("numbers", numbers());
        all.put("won", summary.won());
        all.put("lost", summary.lost());
        all.put("failed", summary.steps() - solved);
        all.put("version", version);
        all.put("config", folder.file("config.json").toString());
        putSteps(all);
        putEntries(all, bank);
        return all;
    }

    private List<Map<String, Object>> numbers() {
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("tasks", Integer.toString(summary.tasks()));
        rows.put("epochs", Integer.toString(config.options().epochs()));
        rows.put("outputs with a final answer", percent(summary.boxed()));
        rows.put("Mem-Optimizer outputs that were no action", Long.toString(summary.malformed()));
        rows.put("executor calls", Long.toString(summary.executorCalls()));
        rows.put("executor calls saved by the cache", Long.toString(summary.executorCallsSaved()));
        rows.put("tokens generated", Long.toString(summary.tokensGenerated()));
        rows.put("seconds", String.format(Locale.ROOT, "%.1f", summary.seconds()));
        rows.put("tasks from", config.source());
        rows.put("bank", config.bank());
        List<Map<String, Object>> list = new ArrayList<>();
        rows.forEach((name, value) -> list.add(Map.of("name", name, "value", value)));
        return list;
    }

    private void putSteps(Map<String, Object> all) {
        List<Map<String, Object>> shown = new ArrayList<>();
        String grouping = GROUPINGS.stream()
                .filter(name -> tasks.values().stream()
                        .anyMatch(task -> task.attributes().containsKey(name)))
                .findFirst()
                .orElse("");
        Map<String, Group> groups = new TreeMap<>();
        folder.steps(step -> {
            Task task = tasks.get(step.task());
            if (task == null) {
                return;
            }
            boolean solvedWithout =
                    Objects.requireNonNull(without.get(step.task())).correct();
            String group = task.attributes().getOrDefault(grouping, "");
            if (!group.isEmpty()) {
                groups.computeIfAbsent(group, name -> new Group())
                        .add(step.attempt().correct(), solvedWithout);
            }
            if (shown.size() < MOST_STEPS) {
                shown.add(step(step, task, group));
            }
        });
        all.put("steps", shown);
        all.put("stepsLeftOut", summary.steps() > shown.size() ? Long.toString(summary.steps() - shown.size()) : "");
        all.put("groupedBy", grouping);
        all.put("familiesKnown", !groups.isEmpty());
        List<Map<String, Object>> families = new ArrayList<>();
        groups.forEach((name, group) -> families.add(group.row(name)));
        all.put("families", families);
    }

    private static final class Group {
        private int tasks;
        private int with;
        private int without;
        private int won;
        private int lost;

        void add(boolean solved, boolean solvedWithout) {
            tasks++;
            with += solved ? 1 : 0;
            without += solvedWithout ? 1 : 0;
            won += solved && !solvedWithout ? 1 : 0;
            lost += solvedWithout && !solved ? 1 : 0;
        }

        Map<String, Object> row(String name) {
            return Map.of(
                    "name", name, "tasks", tasks, "with", with, "without", without, "won", "" + won, "lost", "" + lost);
        }
    }

    private Map<String, Object> step(Step step, Task task, String group) {
        Attempt empty = Objects.requireNonNull(without.get(step.task()));
        boolean solved = step.attempt().correct();
        String classes = (solved ? "" : "failed ")
                + (solved && !empty.correct() ? "won" : "")
                + (!solved && empty.correct() ? "lost" : "");
        Map<String, Object> row = new HashMap<>();
        row.put("classes", classes.strip());
        row.put("number", step.step() + 1);
        row.put("solvedWithout", empty.correct());
        row.put("solved", solved);
        row.put("question", task.question());
        row.put("action", step.edit().label());
        row.put("task", task.id());
        row.put("epoch", step.epoch() + 1);
        row.put("family", group);
        row.put("retrievedCount", step.retrieved().size());
        row.put("expected", String.join(" or ", task.answers()));
        row.put("contextShown", shortened(task.context()));
        row.put("choicesKnown", !task.choices().isEmpty());
        row.put("choices", task.choices());
        row.put("retrievedKnown", !step.retrieved().isEmpty());
        row.put(
                "retrieved",
                step.retrieved().stream()
                        .map(memory -> Map.of(
                                "id", memory.id(),
                                "version", memory.version(),
                                "score", String.format(Locale.ROOT, "%.3f", memory.score()),
                                "values", memory.values()))
                        .toList());
        row.put("answer", orEmpty(step.attempt().answer()));
        row.put("output", step.attempt().output());
        row.put("without", Map.of("answer", orEmpty(empty.answer()), "output", empty.output()));
        row.put("reply", orEmpty(step.reply()));
        row.put("malformed", orEmpty(step.edit().malformed()));
        row.put("optimizerOutput", step.edit().output());
        return row;
    }

    private void putEntries(Map<String, Object> all, MemoryBank bank) {
        List<MemoryEntry> entries = bank.entries();
        List<Map<String, Object>> shown = new ArrayList<>();
        for (MemoryEntry entry : entries.subList(0, Math.min(MOST_ENTRIES, entries.size()))) {
            Map<String, Object> row = version(entry);
            List<MemoryEntry> earlier = bank.history(entry.id()).stream()
                    .filter(version -> version.version() < entry.version())
                    .toList();
            row.put("id", entry.id());
            row.put("summary", String.join(" ", entry.values()));
            row.put("revised", entry.version() > 1);
            row.put("usage", entry.usageCount());
            row.put("key", entry.key());
            row.put("reward", entry.reward() == 0 ? "" : String.format(Locale.ROOT, "%.3f", entry.reward()));
            row.put("author", entry.provenance().optimizer().isEmpty() ? "" : config.optimizer());
            row.put("trajectory", abbreviated(entry.provenance().trajectorySha256()));
            row.put("earlierKnown", !earlier.isEmpty());
            row.put("earlier", earlier.stream().map(Report::version).toList());
            shown.add(row);
        }
        all.put("entries", shown);
        all.put("entriesLeftOut", entries.size() > shown.size() ? "" + (entries.size() - shown.size()) : "");
    }

    private static Map<String, Object> version(MemoryEntry entry) {
        Map<String, Object> row = new HashMap<>();
        row.put("version", entry.version());
        row.put("values", entry.values());
        row.put("task", entry.provenance().taskId());
        row.put(
                "step",
                entry.provenance().step() < 0
                        ? ""
                        : Long.toString(entry.provenance().step() + 1));
        return row;
    }

    private static String abbreviated(String sha256) {
        return sha256.substring(0, Math.min(12, sha256.length()));
    }

    private static String shortened(@Nullable String context) {
        String text = orEmpty(context);
        return text.length() <= LONGEST_CONTEXT ? text : text.substring(0, LONGEST_CONTEXT) + " ...";
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static String percent(double share) {
        return Intervals.percent(share);
    }

    private static String points(double difference) {
        return Intervals.points(difference);
    }
}
