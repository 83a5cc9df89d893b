package umem.engine.task.desk;

import static umem.engine.task.desk.Family.Use.BEYOND;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/// Families that look into the letters or digits of a word, which small models do not see.
final class Letters {
    private Letters() {}

    private static final List<String> SURNAMES = List.of(
            "Berg", "Costa", "Dahl", "Ekman", "Fuchs", "Gallo", "Horn", "Iversen", "Jansen", "Keller", "Lind", "Moreau",
            "Novak", "Olsen", "Petit", "Quist", "Romano", "Silva", "Toth", "Urban", "Vogel", "Wolf", "Young", "Zeman");

    static List<Family> families() {
        return List.of(
                new Family("user-name", FamilyKind.LETTERS, BEYOND, Letters::userName),
                new Family("surname-counter", FamilyKind.LETTERS, BEYOND, Letters::surnameCounter),
                new Family("number-parity", FamilyKind.LETTERS, BEYOND, Letters::numberParity));
    }

    private static Rule userName(Draw draw) {
        int letters = draw.number(2, 4);
        String sign = draw.pick(List.of("-", "_", "."));
        List<String> kinds = draw.sample(List.of("student", "employee", "guest"), 2);
        Map<String, String> slots =
                Map.of("n", Integer.toString(letters), "s", sign, "k0", kinds.get(0), "k1", kinds.get(1));
        return new Rule(
                Draw.fill(
                        "The user name of every {k0} is the first {n} letters of the surname, then '{s}', then the first letter of the first name; for every {k1} it is the first letter of the first name, then '{s}', then the first {n} letters of the surname; all in lower case.",
                        slots),
                List.of(
                        new Rule.Branch(
                                person(kinds.get(0)),
                                s -> surname(s, letters) + sign + initial(s),
                                List.of(
                                        "the user name of every {k0} is the first {n} letters of the surname, then '{s}', then the first letter of the first name, here {answer}")),
                        new Rule.Branch(
                                person(kinds.get(1)),
                                s -> initial(s) + sign + surname(s, letters),
                                List.of(
                                        "the user name of every {k1} is the first letter of the first name, then '{s}', then the first {n} letters of the surname, here {answer}"))),
                List.of(
                        "Which user name does {name} {surname}, a new {k}, get?",
                        "{name} {surname} from {city} starts as {k}. What is the user name?"),
                List.of(),
                slots);
    }

    private static Rule surnameCounter(Draw draw) {
        List<String> sorted = SURNAMES;
        int cut = draw.number(7, 16);
        char last = sorted.get(cut - 1).charAt(0);
        List<String> options = List.of("counter 1", "counter 2", "counter 3", "counter 4");
        List<String> two = draw.sample(options, 2);
        Map<String, String> slots = new HashMap<>();
        slots.put("subject", draw.pick(List.of("passport", "licence", "permit")));
        slots.put("l", Character.toString(last));
        slots.put("a", two.get(0));
        slots.put("b", two.get(1));
        return new Rule(
                Draw.fill("For a {subject}, surnames from A to {l} go to {a}, surnames after {l} to {b}.", slots),
                List.of(
                        Rule.Branch.of(
                                d -> Map.of("surname", d.pick(sorted.subList(0, cut))),
                                "{a}",
                                List.of("{surname} comes within A to {l}, and for a {subject} those names go to {a}")),
                        Rule.Branch.of(
                                d -> Map.of("surname", d.pick(sorted.subList(cut, sorted.size()))),
                                "{b}",
                                List.of("{surname} comes after {l}, and for a {subject} those names go to {b}"))),
                List.of(
                        "{name} {surname} needs a {subject}. Which counter is right: {options}?",
                        "Somebody called {surname} from {city} asks for a {subject}. Where to: {options}?"),
                options,
                slots);
    }

    private static Rule numberParity(Draw draw) {
        List<String> options = List.of("press 1", "press 2", "press 3", "press 4");
        List<String> two = draw.sample(options, 2);
        Map<String, String> slots = new HashMap<>();
        slots.put("subject", draw.pick(List.of("poster", "leaflet", "ticket")));
        slots.put("a", two.get(0));
        slots.put("b", two.get(1));
        return new Rule(
                Draw.fill("A {subject} with an even number is printed on {a}, one with an odd number on {b}.", slots),
                List.of(
                        Rule.Branch.of(
                                d -> Map.of("v", Integer.toString(2 * d.number(500, 4999))),
                                "{a}",
                                List.of("{v} is even, and a {subject} with an even number is printed on {a}")),
                        Rule.Branch.of(
                                d -> Map.of("v", Integer.toString(2 * d.number(500, 4999) + 1)),
                                "{b}",
                                List.of("{v} is odd, and a {subject} with an odd number is printed on {b}"))),
                List.of(
                        "{Subject} number {v} for {city} is ready. On which press: {options}?",
                        "{name} wants {subject} number {v} printed. Which press is it: {options}?"),
                options,
                slots);
    }

    private static Function<Draw, Map<String, String>> person(String kind) {
        return draw -> Map.of("k", kind, "surname", draw.pick(SURNAMES));
    }

    private static String surname(Map<String, String> slots, int letters) {
        return slot(slots, "surname").substring(0, letters).toLowerCase(Locale.ROOT);
    }

    private static String initial(Map<String, String> slots) {
        return slot(slots, "name").substring(0, 1).toLowerCase(Locale.ROOT);
    }

    private static String slot(Map<String, String> slots, String slot) {
        return Objects.requireNonNull(slots.get(slot), slot);
    }
}
