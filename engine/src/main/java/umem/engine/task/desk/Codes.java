package umem.engine.task.desk;

import static umem.engine.task.desk.Family.Use.MIX;
import static umem.engine.task.desk.Family.Use.UNSEEN;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Families that compose a code from two parts, in an order and with a sign that depend on the kind of thing.
final class Codes {
    private Codes() {}

    private static final List<String> SIGNS = List.of("-", "/", ".", ":");

    static List<Family> families() {
        return List.of(
                new Family(
                        "room-code",
                        FamilyKind.CODE,
                        MIX,
                        draw -> code(
                                draw,
                                "code",
                                List.of("office", "store room", "classroom", "laboratory"),
                                List.of(new Part("building", "ABCDEF"), new Part("number", 10, 99)),
                                List.of(
                                        "Which code is on the door of the {k} with number {y} in building {x}?",
                                        "{name} looks for the {k} in building {x}, number {y}. Which code is on the door?"))),
                new Family(
                        "document-reference",
                        FamilyKind.CODE,
                        MIX,
                        draw -> code(
                                draw,
                                "reference",
                                List.of("invoice", "contract", "quotation", "reminder"),
                                List.of(new Part("department", "KLMPRS"), new Part("number", 100, 999)),
                                List.of(
                                        "Which reference does {k} number {y} of department {x} get?",
                                        "{name} files {k} number {y} of department {x} in {city}. Under which reference?"))),
                new Family(
                        "shelf-mark",
                        FamilyKind.CODE,
                        UNSEEN,
                        draw -> code(
                                draw,
                                "mark",
                                List.of("atlas", "novel", "score", "comic"),
                                List.of(new Part("hall", "GHJTVW"), new Part("shelf", 10, 89)),
                                List.of(
                                        "Which mark does the {k} in hall {x} on shelf {y} bear?",
                                        "{name} returns the {k} of hall {x}, shelf {y}. Which mark is on it?"))),
                new Family(
                        "badge-code",
                        FamilyKind.CODE,
                        MIX,
                        draw -> code(
                                draw,
                                "badge",
                                List.of("guest", "trainee", "contractor", "driver"),
                                List.of(new Part("team", "ABCDE"), new Part("number", 100, 999)),
                                List.of(
                                        "A {k} from {city} is number {y} of team {x}. What is on the badge?",
                                        "What is printed on the badge of {name}, a {k} with number {y} in team {x}?"))),
                new Family(
                        "seat-label",
                        FamilyKind.CODE,
                        MIX,
                        draw -> code(
                                draw,
                                "label",
                                List.of("balcony seat", "gallery seat", "stalls seat", "box seat"),
                                List.of(new Part("block", "JKLMN"), new Part("row", 2, 40)),
                                List.of(
                                        "{name} has a {k}: block {x}, row {y}. Which label is on it?",
                                        "Which label has the {k} in block {x}, row {y}?"))));
    }

    /// One part of a code: a letter out of some, or a number in a range.
    private record Part(String noun, String letters, int low, int high) {
        Part(String noun, String letters) {
            this(noun, letters, 0, 0);
        }

        Part(String noun, int low, int high) {
            this(noun, "", low, high);
        }

        String value(Draw draw) {
            return letters.isEmpty()
                    ? Integer.toString(draw.number(low, high))
                    : Character.toString(letters.charAt(draw.number(0, letters.length() - 1)));
        }
    }

    private static Rule code(Draw draw, String noun, List<String> kinds, List<Part> parts, List<String> questions) {
        List<String> twoKinds = draw.sample(kinds, 2);
        List<String> twoSigns = draw.sample(SIGNS, 2);
        List<List<Integer>> orders = draw.shuffled(List.of(List.of(0, 1), List.of(1, 0)));
        List<Rule.Branch> branches = new ArrayList<>();
        List<String> sentences = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            List<Integer> order = orders.get(i);
            String kind = twoKinds.get(i);
            String sign = twoSigns.get(i);
            String pattern = String.join(
                    ", then '" + sign + "', then ",
                    order.stream().map(p -> "the " + parts.get(p).noun()).toList());
            List<String> example = parts.stream().map(p -> p.value(draw)).toList();
            sentences.add("The " + noun + " of every " + kind + " is " + pattern + " ("
                    + parts.get(0).noun() + " " + example.get(0) + ", "
                    + parts.get(1).noun() + " " + example.get(1) + ": "
                    + String.join(sign, order.stream().map(example::get).toList()) + ").");
            List<String> slots = List.of("{x}", "{y}");
            String answer = String.join(sign, order.stream().map(slots::get).toList());
            branches.add(Rule.Branch.of(
                    d -> Map.of(
                            "k", kind,
                            "x", parts.get(0).value(d),
                            "y", parts.get(1).value(d)),
                    answer,
                    List.of(
                            "it is {answer}, as the " + noun + " of every " + kind + " is " + pattern,
                            "for every " + kind + " it is " + pattern + ", and that makes {answer}")));
        }
        String text = String.join(" ", sentences);
        return new Rule(text, branches, questions, List.of(), new HashMap<>());
    }
}
