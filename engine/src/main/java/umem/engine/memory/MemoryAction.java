package umem.engine.memory;

import java.util.List;

/// A memory action `a = (delta, op)` that the Mem-Optimizer decided on (spec, section 1).
public sealed interface MemoryAction {
    /// The new value `delta`: one or more lessons, none blank.
    List<String> values();

    /// The operation as the Mem-Optimizer writes it: `ADD` or `UPDATE i`.
    String operation();

    /// Appends an entry.
    ///
    /// @param values the lessons, at least one, none blank
    record Add(List<String> values) implements MemoryAction {
        public Add {
            values = checked(values);
        }

        @Override
        public String operation() {
            return "ADD";
        }
    }

    /// Replaces value and key of an entry.
    ///
    /// @param index position of the entry in the list that was retrieved and shown, from 0
    /// @param values the lessons, at least one, none blank
    record Update(int index, List<String> values) implements MemoryAction {
        public Update {
            values = checked(values);
            if (index < 0) {
                throw new IllegalArgumentException("index " + index + " is negative");
            }
        }

        @Override
        public String operation() {
            return "UPDATE " + index;
        }
    }

    private static List<String> checked(List<String> values) {
        if (values.isEmpty() || values.stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException("an action needs at least one value, and none may be blank");
        }
        return List.copyOf(values);
    }
}
