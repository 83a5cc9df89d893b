package umem.engine.task.desk;

import static umem.engine.task.desk.Family.Use.MIX;
import static umem.engine.task.desk.Family.Use.UNSEEN;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/// Families that depend on the weekday, the month or the time of day.
final class Calendars {
    private Calendars() {}

    private static final List<String> WEEKDAYS =
            List.of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday");
    private static final List<String> MONTHS = List.of(
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December");

    static List<Family> families() {
        return List.of(
                new Family(
                        "delivery-day",
                        FamilyKind.CALENDAR,
                        MIX,
                        draw -> pair(
                                draw,
                                WEEKDAYS,
                                List.of("milk", "bread", "paper"),
                                List.of("ramp 1", "ramp 2", "ramp 3", "ramp 4"),
                                List.of(
                                        "{name} brings {subject} on a {d}. Which ramp is used: {options}?",
                                        "A delivery of {subject} from {city} comes on {d}. Where does it unload: {options}?",
                                        "It is {d} and {subject} arrives. Which ramp takes it: {options}?"),
                                "On {p} and {q} {subject} is unloaded at {a}; on all other days {subject} is unloaded at {b}.",
                                List.of(
                                        "it was a {d}, and on {p} and {q} {subject} goes to {a}",
                                        "{p} and {q} are the days of {a} for {subject}"),
                                List.of(
                                        "it was a {d}, and on an ordinary day such as {d} {subject} goes to {b}",
                                        "{d} is an ordinary day, and {subject} goes to {b} then"))),
                new Family(
                        "ticket-shift",
                        FamilyKind.CALENDAR,
                        MIX,
                        draw -> pair(
                                draw,
                                WEEKDAYS,
                                List.of("a burst pipe", "a lost key", "a blown fuse"),
                                List.of("porter", "night watch", "contractor", "janitor"),
                                List.of(
                                        "{name} reports {subject} on a {d}. Who comes: {options}?",
                                        "On {d} a call about {subject} comes in from room {id}. Who is sent: {options}?"),
                                "On {p} and {q} the {a} comes for {subject}; on all other days the {b} comes for {subject}.",
                                List.of(
                                        "the call came on a {d}, and on {p} and {q} the {a} comes for {subject}",
                                        "{p} and {q} belong to the {a} when it is about {subject}"),
                                List.of(
                                        "the call came on a {d}, and on an ordinary day such as {d} the {b} comes for {subject}",
                                        "{d} is an ordinary day, when the {b} comes for {subject}"))),
                new Family(
                        "hotline-day",
                        FamilyKind.CALENDAR,
                        UNSEEN,
                        draw -> pair(
                                draw,
                                WEEKDAYS,
                                List.of("a refund", "a password", "an invoice"),
                                List.of("green line", "red line", "old line", "short line"),
                                List.of(
                                        "{name} calls about {subject} on a {d}. Which line answers: {options}?",
                                        "A caller from {city} asks about {subject} on {d}. Which line is it: {options}?"),
                                "On {p} and {q} calls about {subject} are answered by the {a}; on all other days they are answered by the {b}.",
                                List.of(
                                        "the call was on a {d}, and on {p} and {q} the {a} answers calls about {subject}"),
                                List.of(
                                        "the call was on a {d}, and on an ordinary day such as {d} the {b} answers calls about {subject}"))),
                new Family(
                        "invoice-month",
                        FamilyKind.CALENDAR,
                        MIX,
                        draw -> pair(
                                draw,
                                MONTHS,
                                List.of("electricity", "cleaning", "rent"),
                                List.of("cash", "cheque", "transfer", "card"),
                                List.of(
                                        "The {subject} bill number {id} is dated in {d}. How is it paid: {options}?",
                                        "{name} has a {subject} bill of {d}. How is it settled: {options}?"),
                                "Bills for {subject} dated in {p} or {q} are paid by {a}; bills for {subject} of all other months are paid by {b}.",
                                List.of(
                                        "the bill is dated in {d}, and for {subject} the bills of {p} and {q} are paid by {a}"),
                                List.of(
                                        "the bill is dated in {d}, and for {subject} the bills of an ordinary month such as {d} are paid by {b}"))),
                new Family(
                        "arrival-time",
                        FamilyKind.CALENDAR,
                        MIX,
                        draw -> hours(
                                draw,
                                List.of("visitor", "driver", "applicant"),
                                List.of("desk 1", "desk 2", "desk 3", "desk 4"),
                                List.of(
                                        "A {subject} called {name} arrives at {v}:{m}. Who receives this {subject}: {options}?",
                                        "At {v}:{m} a {subject} from {city} comes in. Which desk is it: {options}?"),
                                "{Subject}s who arrive before {t}:00 go to {a}; {subject}s who arrive at {t}:00 or later go to {b}.",
                                List.of("it was {v}:{m}, and before {t}:00 every {subject} goes to {a}"),
                                List.of("it was {v}:{m}, and after {t}:00 every {subject} goes to {b}"))));
    }

    private static Rule pair(
            Draw draw,
            List<String> days,
            List<String> subjects,
            List<String> options,
            List<String> questions,
            String text,
            List<String> special,
            List<String> ordinary) {
        List<String> shuffled = draw.shuffled(days);
        List<String> pair = shuffled.subList(0, 2).stream()
                .sorted(java.util.Comparator.comparingInt(days::indexOf))
                .toList();
        List<String> others = shuffled.subList(2, shuffled.size());
        List<String> two = draw.sample(options, 2);
        Map<String, String> slots = new HashMap<>();
        slots.put("subject", draw.pick(subjects));
        slots.put("p", pair.get(0));
        slots.put("q", pair.get(1));
        slots.put("a", two.get(0));
        slots.put("b", two.get(1));
        return new Rule(
                Draw.fill(text, slots),
                List.of(
                        Rule.Branch.of(d -> Map.of("d", d.pick(pair)), "{a}", special),
                        Rule.Branch.of(d -> Map.of("d", d.pick(others)), "{b}", ordinary)),
                questions,
                options,
                slots);
    }

    private static Rule hours(
            Draw draw,
            List<String> subjects,
            List<String> options,
            List<String> questions,
            String text,
            List<String> before,
            List<String> after) {
        int threshold = draw.number(10, 16);
        List<String> two = draw.sample(options, 2);
        Map<String, String> slots = new HashMap<>();
        slots.put("subject", draw.pick(subjects));
        slots.put("t", Integer.toString(threshold));
        slots.put("a", two.get(0));
        slots.put("b", two.get(1));
        return new Rule(
                Draw.fill(text, slots),
                List.of(
                        Rule.Branch.of(time(7, threshold - 1), "{a}", before),
                        Rule.Branch.of(time(threshold, 19), "{b}", after)),
                questions,
                options,
                slots);
    }

    private static Function<Draw, Map<String, String>> time(int from, int to) {
        return draw -> Map.of(
                "v",
                String.format(Locale.ROOT, "%02d", draw.number(from, to)),
                "m",
                Integer.toString(draw.multiple(10, 55, 5)));
    }
}
