package umem.engine.guard;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import umem.engine.task.Task;

/// What happens to lessons that leak or steer.
public enum Guard {
    /// Nothing is looked at.
    OFF,
    /// Leaks are reported; a lesson that tries to steer the model is quarantined.
    REPORT,
    /// Leaks are quarantined, too.
    ENFORCE;

    /// What was found in a lesson.
    ///
    /// @param leak what it gives away
    /// @param injections how it tries to steer
    /// @param quarantined whether it must not enter the bank
    public record Report(Leak leak, Set<Injection> injections, boolean quarantined) {
        private static final Report NOTHING = new Report(new Leak(false, false, List.of(), List.of()), Set.of(), false);

        public Report {
            injections = Set.copyOf(injections);
        }
    }

    /// Looks at a lesson.
    ///
    /// @param values the lesson
    /// @param task what it was made from
    public Report inspect(List<String> values, Task task) {
        if (this == OFF) {
            return Report.NOTHING;
        }
        Set<Injection> injections = EnumSet.noneOf(Injection.class);
        values.forEach(value -> injections.addAll(Injection.in(value)));
        Leak leak = Leak.of(values, task);
        return new Report(leak, injections, !injections.isEmpty() || this == ENFORCE && leak.isLeak());
    }
}
