package umem.engine.task.desk;

import static umem.engine.task.desk.Family.Use.MIX;
import static umem.engine.task.desk.Family.Use.UNSEEN;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Families that compare a number with one threshold or two.
final class Limits {
    private Limits() {}

    static List<Family> families() {
        return List.of(
                new Family(
                        "parcel-weight",
                        FamilyKind.THRESHOLD,
                        MIX,
                        draw -> limit(
                                draw,
                                new Numbers(5, 60, 5),
                                List.of("parcel", "crate", "suitcase"),
                                List.of("road", "rail", "air", "sea"),
                                List.of(
                                        "A {subject} for {city} weighs {v} kg. How does it leave: {options}?",
                                        "{name} hands in a {subject} of {v} kg, addressed to {city}. How is it sent: {options}?",
                                        "On the scale is a {subject} to {city}: {v} kg. How does it go out: {options}?"),
                                "{Subject}s of more than {t} kg leave by {a}; {subject}s of {t} kg or less leave by {b}.",
                                List.of(
                                        "the {subject} for {city} weighs {v} kg, and whatever weighs more than {t} kg leaves by {a}",
                                        "with {v} kg this {subject} is over the limit of {t} kg, and then it is {a}"),
                                List.of(
                                        "the {subject} for {city} weighs {v} kg, and whatever weighs {t} kg or less leaves by {b}",
                                        "with {v} kg this {subject} stays within {t} kg, and then it is {b}"))),
                new Family(
                        "expense-claim",
                        FamilyKind.THRESHOLD,
                        MIX,
                        draw -> limit(
                                draw,
                                new Numbers(100, 1900, 100),
                                List.of("expense claim", "hotel bill", "repair bill"),
                                List.of("team lead", "director", "accountant", "clerk"),
                                List.of(
                                        "{name} hands in the {subject} of a trip to {city}: {v} euros. Who signs it: {options}?",
                                        "The {subject} of {name} from {city} comes to {v} euros. Whose signature does it need: {options}?",
                                        "A {subject} over {v} euros comes from {name}. Who has to sign: {options}?"),
                                "{Subject}s of more than {t} euros are signed by the {a}; {subject}s of {t} euros or less by the {b}.",
                                List.of(
                                        "{name} claims {v} euros, and anything of more than {t} euros is signed by the {a}",
                                        "the {v} euros of {name} are more than {t} euros, and such a {subject} goes to the {a}"),
                                List.of(
                                        "{name} claims {v} euros, and anything of {t} euros or less is signed by the {b}",
                                        "the {v} euros of {name} are not more than {t} euros, and such a {subject} goes to the {b}"))),
                new Family(
                        "complaint-age",
                        FamilyKind.THRESHOLD,
                        MIX,
                        draw -> limit(
                                draw,
                                new Numbers(4, 60, 5),
                                List.of("complaint", "request", "warranty case"),
                                List.of("archive", "lawyer", "front office", "supervisor"),
                                List.of(
                                        "The {subject} of {name} is {v} days old. Where does it go: {options}?",
                                        "A {subject} of {name} has been waiting for {v} days. Who gets it: {options}?",
                                        "In the tray lies a {subject} from {city}, {v} days old. Who takes care of it: {options}?"),
                                "A {subject} that is more than {t} days old goes to the {a}; one that is {t} days old or less goes to the {b}.",
                                List.of(
                                        "this {subject} is {v} days old, and after more than {t} days the {a} gets it",
                                        "{v} days have passed, which is more than {t}, and that makes it one for the {a}"),
                                List.of(
                                        "this {subject} is {v} days old, and up to {t} days the {b} gets it",
                                        "{v} days have passed, which is not more than {t}, and that makes it one for the {b}"))),
                new Family(
                        "pallet-height",
                        FamilyKind.THRESHOLD,
                        MIX,
                        draw -> limit(
                                draw,
                                new Numbers(60, 290, 10),
                                List.of("pallet", "shelf unit", "cabinet"),
                                List.of("north hall", "cellar", "yard", "garage"),
                                List.of(
                                        "A {subject} for {city} is {v} cm high. Where is it stored: {options}?",
                                        "A {subject} of {v} cm arrives from {city}. Where is it put: {options}?",
                                        "{name} delivers a {subject}; it measures {v} cm in height. Where does it stand: {options}?"),
                                "{Subject}s that are more than {t} cm high are stored in the {a}; {subject}s of {t} cm or less in the {b}.",
                                List.of(
                                        "this {subject} is {v} cm high, and anything of more than {t} cm is stored in the {a}",
                                        "{v} cm is more than {t} cm, and such a {subject} stands in the {a}"),
                                List.of(
                                        "this {subject} is {v} cm high, and anything of {t} cm or less is stored in the {b}",
                                        "{v} cm is not more than {t} cm, and such a {subject} stands in the {b}"))),
                new Family(
                        "order-size",
                        FamilyKind.THRESHOLD,
                        UNSEEN,
                        draw -> limit(
                                draw,
                                new Numbers(3, 90, 5),
                                List.of("box", "chair", "lamp"),
                                List.of("van", "lorry", "courier", "tram"),
                                List.of(
                                        "{name} orders {v} pieces of a {subject}. What brings them: {options}?",
                                        "An order from {city} asks for {v} pieces of a {subject}. What delivers it: {options}?"),
                                "Orders of more than {t} pieces of a {subject} are delivered by {a}; orders of {t} pieces or less by {b}.",
                                List.of(
                                        "the order is for {v} pieces, and more than {t} pieces are delivered by {a}",
                                        "{v} pieces are more than {t}, and then the {a} drives"),
                                List.of(
                                        "the order is for {v} pieces, and {t} pieces or less are delivered by {b}",
                                        "{v} pieces are not more than {t}, and then the {b} drives"))),
                new Family(
                        "group-size",
                        FamilyKind.BAND,
                        MIX,
                        draw -> bands(
                                draw,
                                new Numbers(2, 60, 5),
                                List.of("school class", "choir", "tour group"),
                                List.of("Oak Room", "Blue Room", "Garden Room", "Tower Room", "Mirror Room"),
                                List.of(
                                        "A {subject} of {v} people from {city} comes at noon. Which room do they get: {options}?",
                                        "{name} books for a {subject} of {v} people. Which room is theirs: {options}?"),
                                "A {subject} of {t} people or less gets the {a}, one of more than {t} but less than {u} people gets the {b}, and one of {u} people or more gets the {c}.",
                                List.of("they are {v} people, and up to {t} people get the {a}"),
                                List.of("they are {v} people, and more than {t} but fewer than {u} people get the {b}"),
                                List.of("they are {v} people, and {u} people or more get the {c}"))),
                new Family(
                        "tank-level",
                        FamilyKind.BAND,
                        MIX,
                        draw -> bands(
                                draw,
                                new Numbers(5, 95, 10),
                                List.of("oil tank", "water tank", "battery"),
                                List.of("red", "amber", "green", "white", "violet"),
                                List.of(
                                        "The {subject} in {city} stands at {v} percent. Which lamp is lit: {options}?",
                                        "{name} reads {v} percent on the {subject} in {city}. Which lamp is on: {options}?"),
                                "At {t} percent or less the lamp of a {subject} is {a}, between {t} and {u} percent it is {b}, and at {u} percent or more it is {c}.",
                                List.of("the level is {v} percent, and up to {t} percent the lamp is {a}"),
                                List.of(
                                        "the level is {v} percent, and above {t} but below {u} percent the lamp is {b}"),
                                List.of("the level is {v} percent, and from {u} percent on the lamp is {c}"))));
    }

    /// Values from `low` to `high`, thresholds in multiples of `step`.
    private record Numbers(int low, int high, int step) {
        private int margin() {
            return Math.max(1, (high - low) / 12);
        }

        /// Draws `v` in `(from, to]`, ends excluded by a margin so that no case is a matter of one unit.
        Function<Draw, Map<String, String>> between(int from, int to) {
            int first = from <= low ? low : from + margin();
            int last = to >= high ? high : to - margin();
            return draw -> Map.of("v", Integer.toString(draw.number(first, Math.max(first, last))));
        }
    }

    private static Rule limit(
            Draw draw,
            Numbers numbers,
            List<String> subjects,
            List<String> options,
            List<String> questions,
            String text,
            List<String> above,
            List<String> below) {
        int third = (numbers.high() - numbers.low()) / 4;
        int threshold = draw.multiple(numbers.low() + third, numbers.high() - third, numbers.step());
        List<String> two = draw.sample(options, 2);
        Map<String, String> slots = new HashMap<>();
        slots.put("subject", draw.pick(subjects));
        slots.put("t", Integer.toString(threshold));
        slots.put("a", two.get(0));
        slots.put("b", two.get(1));
        return new Rule(
                Draw.fill(text, slots),
                List.of(
                        Rule.Branch.of(numbers.between(threshold, numbers.high()), "{a}", above),
                        Rule.Branch.of(numbers.between(numbers.low(), threshold), "{b}", below)),
                questions,
                options,
                slots);
    }

    private static Rule bands(
            Draw draw,
            Numbers numbers,
            List<String> subjects,
            List<String> options,
            List<String> questions,
            String text,
            List<String> low,
            List<String> middle,
            List<String> high) {
        int span = numbers.high() - numbers.low();
        int lower = draw.multiple(numbers.low() + span / 6, numbers.low() + 2 * span / 5, numbers.step());
        int upper = draw.multiple(numbers.low() + 3 * span / 5, numbers.high() - span / 6, numbers.step());
        List<String> three = draw.sample(options, 3);
        Map<String, String> slots = new HashMap<>();
        slots.put("subject", draw.pick(subjects));
        slots.put("t", Integer.toString(lower));
        slots.put("u", Integer.toString(upper));
        slots.put("a", three.get(0));
        slots.put("b", three.get(1));
        slots.put("c", three.get(2));
        return new Rule(
                Draw.fill(text, slots),
                List.of(
                        Rule.Branch.of(numbers.between(numbers.low(), lower), "{a}", low),
                        Rule.Branch.of(numbers.between(lower, upper), "{b}", middle),
                        Rule.Branch.of(numbers.between(upper, numbers.high()), "{c}", high)),
                questions,
                options,
                slots);
    }
}
