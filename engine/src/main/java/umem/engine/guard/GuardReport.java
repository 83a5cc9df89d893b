package umem.engine.guard;

import java.util.List;
import java.util.Set;

/// What a [Guard] found in a lesson.
///
/// @param leak what it gives away
/// @param injections how it tries to steer
/// @param quarantined whether it must not enter the bank
public record GuardReport(Leak leak, Set<Injection> injections, boolean quarantined) {
    static final GuardReport NOTHING = new GuardReport(new Leak(false, false, List.of(), List.of()), Set.of(), false);

    public GuardReport {
        injections = Set.copyOf(injections);
    }
}
