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

    /// Looks at a lesson.
    ///
    /// @param values the lesson
    /// @param task what it was made from
    public GuardReport inspect(List<String> values, Task task) {
        if (this == OFF) {
            return GuardReport.NOTHING;
        }
        Set<Injection> injections = EnumSet.noneOf(Injection.class);
        values.forEach(value -> injections.addAll(Injection.in(value)));
        Leak leak = Leak.of(values, task);
        return new GuardReport(leak, injections, !injections.isEmpty() || this == ENFORCE && leak.isLeak());
    }
}
