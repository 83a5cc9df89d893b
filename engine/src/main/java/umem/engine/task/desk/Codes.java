package umem.engine.task.desk;

import static umem.engine.task.desk.Family.Use.MIX;
import static umem.engine.task.desk.Family.Use.UNSEEN;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Families that compose a code from three parts, in an order and with a sign that depend on the kind of thing.
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
                                List.of(
                                        new Part("building", "ABCDEF"),
                                        new Part("floor", 1, 9),
                                        new Part("number", 10, 99)),
                                List.of(
                                        "Which code is on the door of the {k} with number {z} on floor {y} of building {x}?",
                                        "{name} looks for the {k} in building {x}, floor {y}, number {z}. Which code is on the door?"))),
                new Family(
                        "document-reference",
                        FamilyKind.CODE,
                        MIX,
                        draw -> code(
                                draw,
                                "reference",
                                List.of("invoice", "contract", "quotation", "reminder"),
                                List.of(
                                        new Part("department", "KLMPRS"),
                                        new Part("year", 2014, 2029),
                                        new Part("number", 100, 999)),
                                List.of(
                                        "Which reference does {k} number {z} of department {x} from the year {y} get?",
                                        "{name} files {k} number {z}, department {x}, year {y}. Under which reference?"))),
                new Family(
                        "shelf-mark",
                        FamilyKind.CODE,
                        UNSEEN,
                        draw -> code(
                                draw,
                                "mark",
                                List.of("atlas", "novel", "score", "comic"),
                                List.of(
                                        new Part("hall", "GHJTVW"),
                                        new Part("shelf", 10, 89),
                                        new Part("place", 100, 499)),
                                List.of(
                                        "Which mark does the {k} in hall {x} on shelf {y} at place {z} bear?",
                                        "{name} returns the {k} of hall {x}, shelf {y}, place {z}. Which mark is on it?"))),
                new Family(
                        "badge-code",
                        FamilyKind.CODE,
                        MIX,
                        draw -> code(
                                draw,
                                "badge",
                                List.of("guest", "trainee", "contractor", "driver"),
                                List.of(
                                        new Part("gate", "ABCDE"),
                                        new Part("week", 10, 52),
                                        new Part("number", 100, 999)),
                                List.of(
                                        "A {k} enters by gate {x} in week {y} and is number {z}. What is on the badge?",
                                        "What is printed on the badge of {name}, a {k} at gate {x} in week {y} with number {z}?"))),
                new Family(
                        "seat-label",
                        FamilyKind.CODE,
                        MIX,
                        draw -> code(
                                draw,
                                "label",
                                List.of("balcony seat", "gallery seat", "stalls seat", "box seat"),
                                List.of(new Part("block", "JKLMN"), new Part("row", 2, 40), new Part("number", 50, 99)),
                                List.of(
                                        "{name} has a {k}: block {x}, row {y}, number {z}. Which label is on it?",
                                        "Which label has the {k} in block {x}, row {y}, number {z}?"))));
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
        List<Integer> first = draw.shuffled(List.of(0, 1, 2));
        List<Integer> second = draw.shuffled(List.of(0, 1, 2));
        while (second.equals(first)) {
            second = draw.shuffled(List.of(0, 1, 2));
        }
        List<List<Integer>> orders = List.of(first, second);
        List<Rule.Branch> branches = new ArrayList<>();
        List<String> sentences = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            List<Integer> order = orders.get(i);
            String kind = twoKinds.get(i);
            String sign = twoSigns.get(i);
            String pattern = String.join(
                    sign, order.stream().map(p -> parts.get(p).noun()).toList());
            sentences.add("The " + noun + " of every " + kind + " is written " + pattern + ".");
            List<String> slots = List.of("{x}", "{y}", "{z}");
            String answer = String.join(sign, order.stream().map(slots::get).toList());
            branches.add(Rule.Branch.of(
                    d -> Map.of(
                            "k", kind,
                            "x", parts.get(0).value(d),
                            "y", parts.get(1).value(d),
                            "z", parts.get(2).value(d)),
                    answer,
                    List.of(
                            "it is {answer}, as the " + noun + " of every " + kind + " is written " + pattern,
                            "for every " + kind + " one writes " + pattern + ", and that makes {answer}")));
        }
        String text = String.join(" ", sentences);
        return new Rule(text, branches, questions, List.of(), new HashMap<>());
    }
}
