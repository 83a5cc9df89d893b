package umem.engine.task.desk;

import static umem.engine.task.desk.Family.Use.BEYOND;
import static umem.engine.task.desk.Family.Use.MIX;

import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

/// Families whose answer is a number to be computed.
final class Sums {
    private Sums() {}

    static List<Family> families() {
        return List.of(
                new Family("box-discount", FamilyKind.SUM, BEYOND, Sums::boxDiscount),
                new Family("parking-fee", FamilyKind.SUM, MIX, Sums::parkingFee),
                new Family("delivery-fee", FamilyKind.SUM, MIX, Sums::deliveryFee),
                new Family("collection-day", FamilyKind.SUM, MIX, Sums::collectionDay));
    }

    private static Rule boxDiscount(Draw draw) {
        int threshold = draw.multiple(5, 15, 5);
        int discount = draw.number(2, 9);
        Map<String, String> slots = Map.of(
                "t", Integer.toString(threshold),
                "x", Integer.toString(discount),
                "subject", draw.pick(List.of("box", "bag", "roll")));
        return new Rule(
                Draw.fill(
                        "An order costs the number of pieces times the price of a {subject}; if there are more than {t} pieces, {x} euros are taken off.",
                        slots),
                List.of(
                        computed(
                                d -> order(d, threshold + 1, threshold + 12),
                                s -> value(s, "n") * value(s, "p") - discount,
                                "there are {n} pieces, and for more than {t} pieces {x} euros are taken off, which leaves {answer} euros"),
                        computed(
                                d -> order(d, 2, threshold),
                                s -> value(s, "n") * value(s, "p"),
                                "there are {n} pieces, and up to {t} pieces cost the plain sum, {answer} euros")),
                List.of(
                        "{name} orders {n} times a {subject} at {p} euros each. How many euros is the order?",
                        "From {city} comes an order of {n} pieces; a {subject} costs {p} euros. How many euros are due?"),
                List.of(),
                List.of("{answer} euros"),
                slots);
    }

    private static Map<String, String> order(Draw draw, int from, int to) {
        return Map.of(
                "n",
                Integer.toString(draw.number(from, to)),
                "p",
                Integer.toString(draw.pick(List.of(2, 3, 4, 5, 10))));
    }

    private static Rule parkingFee(Draw draw) {
        List<Integer> rates = draw.sample(List.of(2, 3, 4, 5, 6, 7, 8), 2);
        List<String> kinds = draw.sample(List.of("car", "van", "motorcycle", "trailer", "camper"), 2);
        Map<String, String> slots = Map.of(
                "subject",
                draw.pick(List.of("harbour", "station", "market")),
                "k0",
                kinds.get(0),
                "k1",
                kinds.get(1),
                "r0",
                rates.get(0).toString(),
                "r1",
                rates.get(1).toString());
        return new Rule(
                Draw.fill(
                        "Parking at the {subject} costs {r0} euros an hour for a {k0} and {r1} euros an hour for a {k1}.",
                        slots),
                List.of(
                        computed(
                                d -> Map.of("k", kinds.get(0), "h", Integer.toString(d.number(2, 9))),
                                s -> value(s, "h") * rates.get(0),
                                "a {k0} pays {r0} euros an hour at the {subject}, so {h} hours cost {answer} euros"),
                        computed(
                                d -> Map.of("k", kinds.get(1), "h", Integer.toString(d.number(2, 9))),
                                s -> value(s, "h") * rates.get(1),
                                "a {k1} pays {r1} euros an hour at the {subject}, so {h} hours cost {answer} euros")),
                List.of(
                        "{name} parks a {k} at the {subject} for {h} hours. How many euros is that?",
                        "A {k} from {city} has stood at the {subject} for {h} hours. How many euros are to be paid?"),
                List.of(),
                List.of("{answer} euros"),
                slots);
    }

    private static Rule deliveryFee(Draw draw) {
        List<Integer> fees = draw.sample(List.of(3, 4, 5, 6, 7, 8, 9, 11, 12), 2);
        List<String> kinds = draw.sample(List.of("express", "evening", "insured", "bulky", "chilled"), 2);
        Map<String, String> slots = Map.of(
                "subject",
                draw.pick(List.of("parcel", "meal", "bouquet")),
                "k0",
                kinds.get(0),
                "k1",
                kinds.get(1),
                "r0",
                fees.get(0).toString(),
                "r1",
                fees.get(1).toString());
        return new Rule(
                Draw.fill(
                        "To the price of a {subject}, {k0} delivery adds {r0} euros and {k1} delivery adds {r1} euros.",
                        slots),
                List.of(
                        computed(
                                d -> Map.of("k", kinds.get(0), "p", Integer.toString(d.multiple(20, 80, 5))),
                                s -> value(s, "p") + fees.get(0),
                                "{k0} delivery of a {subject} adds {r0} euros, and {p} plus {r0} makes {answer} euros"),
                        computed(
                                d -> Map.of("k", kinds.get(1), "p", Integer.toString(d.multiple(20, 80, 5))),
                                s -> value(s, "p") + fees.get(1),
                                "{k1} delivery of a {subject} adds {r1} euros, and {p} plus {r1} makes {answer} euros")),
                List.of(
                        "{name} orders a {subject} for {p} euros with {k} delivery. How many euros in all?",
                        "A {subject} of {p} euros goes to {city} by {k} delivery. How many euros does the customer pay?"),
                List.of(),
                List.of("{answer} euros"),
                slots);
    }

    private static Rule collectionDay(Draw draw) {
        List<Integer> days = draw.sample(List.of(2, 3, 4, 5, 6, 7, 8, 10), 2);
        List<String> kinds = draw.sample(List.of("small", "large", "heavy", "fragile"), 2);
        Map<String, String> slots = Map.of(
                "subject",
                draw.pick(List.of("package", "carton", "sack")),
                "k0",
                kinds.get(0),
                "k1",
                kinds.get(1),
                "r0",
                days.get(0).toString(),
                "r1",
                days.get(1).toString());
        return new Rule(
                Draw.fill(
                        "The last day to collect a {k0} {subject} is the day of arrival plus {r0}; for a {k1} {subject} it is the day of arrival plus {r1}.",
                        slots),
                List.of(
                        computed(
                                d -> Map.of("k", kinds.get(0), "d", Integer.toString(d.number(2, 20))),
                                s -> value(s, "d") + days.get(0),
                                "for a {k0} {subject} it is the day of arrival plus {r0}, which is day {answer}"),
                        computed(
                                d -> Map.of("k", kinds.get(1), "d", Integer.toString(d.number(2, 20))),
                                s -> value(s, "d") + days.get(1),
                                "for a {k1} {subject} it is the day of arrival plus {r1}, which is day {answer}")),
                List.of(
                        "A {k} {subject} for {name} arrives on day {d} of the month. What is the last day to collect it?",
                        "On day {d} of the month a {k} {subject} comes in from {city}. Until which day may it be collected?"),
                List.of(),
                List.of("day {answer}"),
                slots);
    }

    private static Rule.Branch computed(
            java.util.function.Function<Draw, Map<String, String>> particulars,
            ToIntFunction<Map<String, String>> answer,
            String reason) {
        return new Rule.Branch(particulars, slots -> Integer.toString(answer.applyAsInt(slots)), List.of(reason));
    }

    private static int value(Map<String, String> slots, String slot) {
        return Integer.parseInt(java.util.Objects.requireNonNull(slots.get(slot), slot));
    }
}
