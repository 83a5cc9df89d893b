package umem.engine.task.desk;

import static umem.engine.task.desk.Family.Use.MIX;
import static umem.engine.task.desk.Family.Use.UNSEEN;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Families with two conditions, and families with one exception.
final class Combinations {
    private Combinations() {}

    static List<Family> families() {
        return List.of(
                new Family(
                        "ticket-priority",
                        FamilyKind.COMBINATION,
                        MIX,
                        draw -> both(
                                draw,
                                List.of("member", "tenant", "partner"),
                                "non-{k}",
                                List.of("urgent"),
                                "routine",
                                List.of("Hall", "Cabin", "Tower", "Studio", "Annex"),
                                List.of(
                                        "{name}, a {who}, brings a {how} ticket. Which office takes it: {options}?",
                                        "A {how} ticket comes in from a {who} in {city}. Which office is it: {options}?"),
                                "A {how} ticket of a {k} goes to the {a}, a {how} ticket of a non-{k} to the {b}, and every {other} ticket to the {c}.",
                                "a {k} sent a {how} ticket, and such tickets go to the {a}",
                                "a non-{k} sent a {how} ticket, and such tickets go to the {b}",
                                "the ticket is {other}, and every {other} ticket goes to the {c}")),
                new Family(
                        "badge-colour",
                        FamilyKind.COMBINATION,
                        MIX,
                        draw -> both(
                                draw,
                                List.of("nurse", "cook", "cleaner"),
                                "visitor",
                                List.of("night", "weekend"),
                                "day",
                                List.of("blue", "orange", "grey", "pink", "brown"),
                                List.of(
                                        "{name} is a {who} and comes for the {how} shift. Which badge is handed out: {options}?",
                                        "A {who} from {city} starts the {how} shift. Which colour has the badge: {options}?"),
                                "On the {how} shift a {k} wears a {a} badge and a visitor a {b} badge; on the {other} shift everybody wears a {c} badge.",
                                "it was a {k} on the {how} shift, and there a {k} wears {a}",
                                "it was a visitor on the {how} shift, and there a visitor wears {b}",
                                "it was the {other} shift, and on the {other} shift everybody wears {c}")),
                new Family(
                        "claim-abroad",
                        FamilyKind.COMBINATION,
                        UNSEEN,
                        draw -> both(
                                draw,
                                List.of("manager", "driver", "trainer"),
                                "helper",
                                List.of("abroad"),
                                "at home",
                                List.of("form 10", "form 20", "form 30", "form 40"),
                                List.of(
                                        "{name} is a {who} and has had a trip {how}. Which form is filled in: {options}?",
                                        "A {who} reports a trip {how}, booked under {id}. Which form is needed: {options}?"),
                                "For a trip {how} a {k} fills in {a} and a helper {b}; a trip {other} is {c} for both.",
                                "a {k} was {how}, and for that a {k} fills in {a}",
                                "a helper was {how}, and for that a helper fills in {b}",
                                "the trip was {other}, and a trip {other} means {c}")),
                new Family(
                        "mail-exception",
                        FamilyKind.EXCEPTION,
                        MIX,
                        draw -> exception(
                                draw,
                                List.of("letter", "package", "magazine"),
                                Draw.cities(),
                                List.of("basement", "reception", "post room", "second floor"),
                                List.of(
                                        "A {subject} from {k} arrives for {name}. Where is it taken: {options}?",
                                        "A {subject} sent from {k} is here. Where does it go: {options}?"),
                                "{Subject}s from {e} are taken to the {b}; all other {subject}s are taken to the {a}.",
                                "this {subject} is from {k}, which is nothing special, and an ordinary {subject} is taken to the {a}",
                                "this {subject} is from {e}, and a {subject} from {e} is always taken to the {b}")),
                new Family(
                        "return-exception",
                        FamilyKind.EXCEPTION,
                        UNSEEN,
                        draw -> exception(
                                draw,
                                List.of("outlet", "webshop", "kiosk"),
                                List.of("lamp", "coat", "kettle", "watch", "mirror", "pillow", "drill"),
                                List.of("repaired", "resold", "recycled", "donated"),
                                List.of(
                                        "{name} returns a {k} bought at the {subject}. What happens to it: {options}?",
                                        "A {k} comes back to the {subject} from {city}. What is done with it: {options}?"),
                                "A {e} that comes back to the {subject} is {b}; all other goods that come back are {a}.",
                                "a {k} is nothing special, and ordinary goods that come back to the {subject} are {a}",
                                "it was a {e}, and a {e} that comes back to the {subject} is always {b}")),
                new Family(
                        "entrance-exception",
                        FamilyKind.EXCEPTION,
                        MIX,
                        draw -> exception(
                                draw,
                                List.of("museum", "clinic", "theatre"),
                                List.of("dog", "pram", "ladder", "bicycle", "wheelchair", "suitcase", "cello"),
                                List.of("front door", "side door", "glass door", "cellar door"),
                                List.of(
                                        "{name} comes to the {subject} with a {k}. Which door is right: {options}?",
                                        "Somebody from {city} wants to bring a {k} into the {subject}. Which door is it: {options}?"),
                                "Visitors of the {subject} with a {e} use the {b}; all other visitors use the {a}.",
                                "a {k} is nothing special, and ordinary visitors of the {subject} use the {a}",
                                "it was about a {e}, and with a {e} one always uses the {b} of the {subject}")),
                new Family(
                        "menu-exception",
                        FamilyKind.EXCEPTION,
                        MIX,
                        draw -> exception(
                                draw,
                                List.of("canteen", "ferry", "hostel"),
                                List.of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
                                List.of("soup", "rice", "fish", "pasta", "curry"),
                                List.of(
                                        "{name} eats at the {subject} on a {k}. What is served: {options}?",
                                        "A group from {city} comes to the {subject} on {k}. What will they eat: {options}?"),
                                "On {e} the {subject} serves {b}; on all other days it serves {a}.",
                                "{k} is an ordinary day, and on ordinary days the {subject} serves {a}",
                                "it was a {e}, and every {e} the {subject} serves {b}")));
    }

    private static Rule both(
            Draw draw,
            List<String> people,
            String others,
            List<String> manners,
            String otherManner,
            List<String> options,
            List<String> questions,
            String text,
            String first,
            String second,
            String third) {
        List<String> three = draw.sample(options, 3);
        Map<String, String> slots = new HashMap<>();
        slots.put("k", draw.pick(people));
        String manner = draw.pick(manners);
        slots.put("how", manner);
        slots.put("other", otherManner);
        slots.put("a", three.get(0));
        slots.put("b", three.get(1));
        slots.put("c", three.get(2));
        String other = Draw.fill(others, slots);
        String filled = Draw.fill(text, slots);
        return new Rule(
                filled,
                List.of(
                        Rule.Branch.of(d -> Map.of("who", "{k}"), "{a}", List.of(Draw.fill(first, slots))),
                        Rule.Branch.of(d -> Map.of("who", other), "{b}", List.of(Draw.fill(second, slots))),
                        Rule.Branch.of(
                                d -> Map.of("who", d.pick(List.of("{k}", other)), "how", otherManner),
                                "{c}",
                                List.of(Draw.fill(third, slots)))),
                questions,
                options,
                slots);
    }

    private static Rule exception(
            Draw draw,
            List<String> subjects,
            List<String> keys,
            List<String> options,
            List<String> questions,
            String text,
            String ordinary,
            String special) {
        String exception = draw.pick(keys);
        List<String> others = keys.stream().filter(k -> !k.equals(exception)).toList();
        List<String> two = draw.sample(options, 2);
        Map<String, String> slots = new HashMap<>();
        slots.put("subject", draw.pick(subjects));
        slots.put("e", exception);
        slots.put("a", two.get(0));
        slots.put("b", two.get(1));
        return new Rule(
                Draw.fill(text, slots),
                List.of(
                        Rule.Branch.of(d -> Map.of("k", d.pick(others)), "{a}", List.of(ordinary)),
                        Rule.Branch.of(d -> Map.of("k", exception), "{b}", List.of(special))),
                questions,
                options,
                slots);
    }
}
