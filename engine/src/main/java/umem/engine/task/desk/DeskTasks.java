package umem.engine.task.desk;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import umem.engine.task.Task;
import umem.engine.task.TaskKind;

/// The bundled task family: short cases of a service desk that are decided by local conventions. No model can know the
/// conventions beforehand, but one that is told can follow them.
///
/// Cases come in clusters. The cases of a cluster share one rule and differ in every particular (numbers, names,
/// places), so a lesson that keeps the rule helps the others and one that keeps the particulars does not. The reply to
/// an answer tells only the branch of the rule that applied, in the words of the case and among sentences that do not
/// matter: a whole rule has to be put together from several cases.
///
/// Attributes of every task: `family`, `kind` (see [FamilyKind]), `cluster` (unique within a stream), `rule` (the whole
/// rule, for reference runs, never shown to an executor otherwise), `branch` (which part of the rule applied, from 0)
/// and `split`. All tasks are of kind [TaskKind#QUESTION_ANSWERING].
///
/// Everything is a pure function of its arguments, on every machine. Each family draws from a seed of its own, so that
/// a change to one leaves the cases of the others as they are. Safe for any number of threads.
public final class DeskTasks {
    /// Tasks that are mixed with one another before the next ones begin.
    private static final int WINDOW = 24;

    private static final int CASES_PER_RULE = 6;
    private static final int TRIES = 10_000;
    private static final List<Family> FAMILIES = Stream.of(
                    Limits.families(),
                    LookUps.families(),
                    Calendars.families(),
                    Codes.families(),
                    Sums.families(),
                    Combinations.families(),
                    Letters.families())
            .flatMap(List::stream)
            .toList();

    private DeskTasks() {}

    /// What is known about a family.
    ///
    /// @param name such as `parcel-weight`
    /// @param kind what it takes to apply its rules
    /// @param unseen whether it occurs in [Split#TEST_UNSEEN] only
    /// @param mixed whether streams hold it without being asked; false for families that are beyond the default
    ///     executor even when it is told the rule
    public record FamilyInfo(String name, FamilyKind kind, boolean unseen, boolean mixed) {}

    /// All families.
    public static List<FamilyInfo> families() {
        return FAMILIES.stream()
                .map(f ->
                        new FamilyInfo(f.name(), f.kind(), f.use() == Family.Use.UNSEEN, f.use() != Family.Use.BEYOND))
                .toList();
    }

    /// The families that a stream of a split is made of unless others are asked for, sorted by name.
    public static Set<String> mix(Split split) {
        Family.Use use = split == Split.TEST_UNSEEN ? Family.Use.UNSEEN : Family.Use.MIX;
        Set<String> names = new TreeSet<>();
        FAMILIES.stream().filter(f -> f.use() == use).forEach(f -> names.add(f.name()));
        return names;
    }

    /// The split that a rule of a seen family belongs to, decided by its text alone: six tenths train, two tenths
    /// validation, two tenths test.
    ///
    /// @param rule the whole rule, as in the attribute `rule`
    public static Split split(String rule) {
        long hash = 0xCBF29CE484222325L;
        for (byte b : rule.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
        }
        return switch ((int) Long.remainderUnsigned(Draw.mix(hash), 10)) {
            case 0, 1 -> Split.VALIDATION;
            case 2, 3 -> Split.TEST;
            default -> Split.TRAIN;
        };
    }

    /// A stream of the default mix in the shape that the demo uses: every 24 tasks hold four clusters of six cases, of
    /// four families, in random order.
    ///
    /// @param tasks how many, at least 1
    /// @param seed names the stream
    /// @throws IllegalArgumentException if `tasks` is below 1
    public static List<Task> stream(int tasks, long seed, Split split) {
        return stream(tasks, seed, split, mix(split), CASES_PER_RULE);
    }

    /// A stream of chosen families and cluster size.
    ///
    /// @param families names out of [#families()]; a family of the seen ones with [Split#TEST_UNSEEN], or the other way
    ///     round, would break the splits and is refused
    /// @param casesPerRule the size of a cluster, in `[2, 24]`
    /// @throws IllegalArgumentException if a number is out of range or a family is unknown or of the other kind
    public static List<Task> stream(int tasks, long seed, Split split, Collection<String> families, int casesPerRule) {
        return stream(tasks, seed, split, families, casesPerRule, 0).tasks();
    }

    /// A stream as [#stream(int, long, Split)] makes it, and other cases of the same rules to practise on: what a
    /// lesson is worth can be tried out there, on nothing that the stream will ask.
    ///
    /// @param practicePerRule further cases of each rule, at least 0
    /// @throws IllegalArgumentException as [#stream(int, long, Split)]
    public static Practised practised(int tasks, long seed, Split split, int practicePerRule) {
        return stream(tasks, seed, split, mix(split), CASES_PER_RULE, practicePerRule);
    }

    /// A stream and what to practise on.
    ///
    /// @param tasks the stream
    /// @param practice other cases of its rules, none of which it holds
    public record Practised(List<Task> tasks, List<Task> practice) {
        public Practised {
            tasks = List.copyOf(tasks);
            practice = List.copyOf(practice);
        }
    }

    private static Practised stream(
            int tasks, long seed, Split split, Collection<String> families, int casesPerRule, int practicePerRule) {
        if (tasks < 1) {
            throw new IllegalArgumentException("tasks " + tasks + " is below 1");
        }
        if (casesPerRule < 2 || casesPerRule > WINDOW) {
            throw new IllegalArgumentException("casesPerRule " + casesPerRule + " is not in [2, " + WINDOW + "]");
        }
        List<Family> chosen = choose(families, split);
        Draw draw = new Draw(Draw.mix(seed) + 31L * split.ordinal());
        Map<String, Integer> clustersOf = new HashMap<>();
        Set<String> rules = new HashSet<>();
        Set<String> questions = new HashSet<>();
        List<Family> deck = new ArrayList<>();
        List<Task> stream = new ArrayList<>(tasks);
        List<Task> practice = new ArrayList<>();
        for (int cluster = 0; stream.size() < tasks; ) {
            int window = Math.min(WINDOW, tasks - stream.size());
            List<Task> mixed = new ArrayList<>(window);
            int clusters = Math.max(1, Math.round(window / (float) casesPerRule));
            for (int i = 0; i < clusters; i++, cluster++) {
                if (deck.isEmpty()) {
                    deck.addAll(draw.shuffled(chosen));
                }
                Family family = deck.removeLast();
                int cases = (i + 1) * window / clusters - i * window / clusters;
                int before = clustersOf.merge(family.name(), 1, Integer::sum);
                Draw own = new Draw(
                        Draw.mix(seed + 31L * split.ordinal()) + family.name().hashCode() + 977L * before);
                Rule rule = rule(family, split, rules, own);
                mixed.addAll(cases(rule, family, split, "c" + cluster, cases, questions, own));
                // Drawn apart: a stream is the same with practice and without.
                Draw apart =
                        new Draw(Draw.mix(seed + 7919L * before) + rule.text().hashCode());
                practice.addAll(
                        cases(rule, family, split, "c" + cluster, practicePerRule, new HashSet<>(questions), apart));
            }
            stream.addAll(draw.shuffled(mixed));
        }
        practice.removeIf(task -> questions.contains(task.question()));
        return new Practised(
                number(stream, "desk-" + split.label() + "-" + seed + "-"),
                number(practice, "practice-" + split.label() + "-" + seed + "-"));
    }

    private static List<Family> choose(Collection<String> names, Split split) {
        Map<String, Family> byName = new LinkedHashMap<>();
        FAMILIES.forEach(f -> byName.put(f.name(), f));
        List<Family> chosen = new ArrayList<>();
        for (String name : new TreeSet<>(names)) {
            Family family = byName.get(name);
            if (family == null) {
                throw new IllegalArgumentException("no family is called " + name + "; there are " + byName.keySet());
            }
            if (family.use() == Family.Use.UNSEEN != (split == Split.TEST_UNSEEN)
                    && family.use() != Family.Use.BEYOND) {
                throw new IllegalArgumentException("family " + name + " does not belong to split " + split.label());
            }
            chosen.add(family);
        }
        if (chosen.isEmpty()) {
            throw new IllegalArgumentException("no families chosen");
        }
        return chosen;
    }

    /// Draws a rule of the split that the stream does not hold yet.
    private static Rule rule(Family family, Split split, Set<String> rules, Draw draw) {
        Rule rule = family.rules().apply(draw);
        for (int tries = 0; !belongs(rule.text(), split) || rules.contains(rule.text()); tries++) {
            if (tries == TRIES) {
                throw new IllegalArgumentException("family " + family.name() + " has no more rules in split "
                        + split.label() + "; ask for fewer tasks or more families");
            }
            rule = family.rules().apply(draw);
        }
        rules.add(rule.text());
        return rule;
    }

    private static List<Task> cases(
            Rule rule, Family family, Split split, String id, int cases, Set<String> questions, Draw draw) {
        List<Task> tasks = new ArrayList<>(cases);
        for (int branch : rule.branchOrder(cases, draw)) {
            Rule.Case drawn = rule.draw(branch, draw);
            for (int tries = 0; !questions.add(drawn.question()) && tries < TRIES; tries++) {
                drawn = rule.draw(branch, draw);
            }
            tasks.add(new Task(
                    id + "." + tasks.size(),
                    TaskKind.QUESTION_ANSWERING,
                    drawn.question(),
                    List.of(),
                    null,
                    drawn.answers(),
                    Replies.feedback(drawn.reason(), draw),
                    Map.of(
                            "family", family.name(),
                            "kind", family.kind().name().toLowerCase(java.util.Locale.ROOT),
                            "cluster", id,
                            "rule", rule.text(),
                            "branch", Integer.toString(branch),
                            "split", split.label())));
        }
        return tasks;
    }

    private static boolean belongs(String rule, Split split) {
        return split == Split.TEST_UNSEEN || split(rule) == split;
    }

    private static List<Task> number(List<Task> tasks, String prefix) {
        List<Task> numbered = new ArrayList<>(tasks.size());
        for (Task t : tasks) {
            String id = prefix + (numbered.size() + 1);
            numbered.add(new Task(
                    id, t.kind(), t.question(), t.choices(), t.context(), t.answers(), t.feedback(), t.attributes()));
        }
        return numbered;
    }
}
