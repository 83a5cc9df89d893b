package umem.engine.task.desk;

import static umem.engine.task.desk.Family.Use.MIX;
import static umem.engine.task.desk.Family.Use.UNSEEN;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Families that look a keyword up in a table of three lines.
final class LookUps {
    private LookUps() {}

    private static final List<String> DAYS =
            IntStream.rangeClosed(3, 45).mapToObj(Integer::toString).toList();

    static List<Family> families() {
        return List.of(
                new Family(
                        "container-colour",
                        FamilyKind.LOOK_UP,
                        MIX,
                        draw -> lookUp(
                                draw,
                                List.of("container", "drum", "basket"),
                                List.of("blue", "green", "red", "yellow", "white", "black"),
                                List.of("cellar", "attic", "yard", "garage", "workshop"),
                                List.of(),
                                List.of(
                                        "Where does {name} put the {k} {subject}: {options}?",
                                        "{name} brings back a {k} {subject}. Where does it belong: {options}?",
                                        "A {k} {subject} from {city} stands in the way. Where is its place: {options}?"),
                                "{Subject}s are kept by colour: {table}.",
                                "{k} in the {x}",
                                List.of(
                                        "the {subject} is {k}, and {k} {subject}s are kept in the {x}",
                                        "{subject}s that are {k} belong in the {x}, and this one is {k}"))),
                new Family(
                        "device-repair",
                        FamilyKind.LOOK_UP,
                        MIX,
                        draw -> lookUp(
                                draw,
                                List.of("does not start", "makes a noise", "is broken"),
                                List.of("printer", "laptop", "telephone", "scanner", "projector", "copier"),
                                List.of("Alpha", "Bravo", "Delta", "Omega", "Sigma"),
                                List.of(),
                                List.of(
                                        "The {k} of {name} {subject}. Which team repairs it: {options}?",
                                        "{name} in {city} reports that a {k} {subject}. Which team takes it: {options}?",
                                        "Ticket from {city}: a {k} {subject}. Which team comes: {options}?"),
                                "When a device {subject}, the team depends on the device: {table}.",
                                "a {k} goes to team {x}",
                                List.of(
                                        "it is a {k} that {subject}, and a {k} goes to team {x}",
                                        "team {x} looks after every {k} that {subject}"))),
                new Family(
                        "letter-topic",
                        FamilyKind.LOOK_UP,
                        MIX,
                        draw -> lookUp(
                                draw,
                                List.of("letter", "fax", "form"),
                                List.of("insurance", "taxes", "a lease", "a job", "a donation", "a fine"),
                                List.of("sales", "legal", "finance", "support", "press"),
                                List.of(),
                                List.of(
                                        "A {subject} about {k} arrives from {city}. Which department reads it: {options}?",
                                        "{name} has sent a {subject} about {k}. Which department gets it: {options}?",
                                        "The {subject} of {name} is about {k}. Which department answers: {options}?"),
                                "The topic decides which department reads a {subject}: {table}.",
                                "about {k} it is {x}",
                                List.of(
                                        "the {subject} is about {k}, and {k} goes to {x}",
                                        "everything about {k} is read by {x}, and so is this {subject}"))),
                new Family(
                        "loan-days",
                        FamilyKind.LOOK_UP,
                        MIX,
                        draw -> lookUp(
                                draw,
                                List.of("book", "film", "map"),
                                List.of("student", "guest", "teacher", "pensioner", "resident", "nurse"),
                                DAYS,
                                List.of("{answer} days"),
                                List.of(
                                        "A {k} called {name} borrows a {subject}. How many days may it be kept?",
                                        "{name} from {city} is a {k} and takes a {subject} home. For how many days?",
                                        "For how many days is a {subject} lent to {name}, who is a {k}?"),
                                "How long a {subject} may be kept depends on the borrower: {table}.",
                                "{x} days for a {k}",
                                List.of(
                                        "{name} is a {k}, and a {k} may keep a {subject} for {x} days",
                                        "{x} days is what a {k} gets for a {subject}, and {name} is one"))),
                new Family(
                        "locker-key",
                        FamilyKind.LOOK_UP,
                        MIX,
                        draw -> lookUp(
                                draw,
                                List.of("locker", "cabinet", "drawer"),
                                List.of("first", "second", "third", "fourth", "fifth", "sixth"),
                                List.of("brass", "steel", "copper", "silver", "plastic"),
                                List.of(),
                                List.of(
                                        "{name} needs the key to {subject} {id} on the {k} floor. Which key is it: {options}?",
                                        "Which key opens {subject} {id} on the {k} floor: {options}?"),
                                "The floor decides the key to a {subject}: {table}.",
                                "{x} on the {k} floor",
                                List.of(
                                        "{subject} {id} is on the {k} floor, and on the {k} floor every {subject} has a {x} key",
                                        "the {k} floor uses {x} keys, and {subject} {id} is there"))),
                new Family(
                        "vehicle-gate",
                        FamilyKind.LOOK_UP,
                        UNSEEN,
                        draw -> lookUp(
                                draw,
                                List.of("a delivery", "a visit", "a repair"),
                                List.of("bicycle", "van", "lorry", "motorcycle", "taxi", "bus"),
                                List.of("north gate", "south gate", "east gate", "west gate", "harbour gate"),
                                List.of(),
                                List.of(
                                        "{name} comes by {k} for {subject}. Which gate opens: {options}?",
                                        "For {subject} someone from {city} arrives by {k}. Which gate is used: {options}?"),
                                "Who comes for {subject} uses a gate by vehicle: {table}.",
                                "by {k} the {x}",
                                List.of(
                                        "whoever comes by {k} for {subject} uses the {x}, and this was by {k}",
                                        "it was {subject} by {k}, and by {k} the {x} is used"))),
                new Family(
                        "badge-shape",
                        FamilyKind.LOOK_UP,
                        UNSEEN,
                        draw -> lookUp(
                                draw,
                                List.of("canteen", "library", "gym"),
                                List.of("round", "square", "oval", "long", "star-shaped", "heart-shaped"),
                                IntStream.rangeClosed(2, 30)
                                        .mapToObj(Integer::toString)
                                        .toList(),
                                List.of("{answer} euros"),
                                List.of(
                                        "{name} shows a {k} badge in the {subject}. How many euros is the deposit?",
                                        "In the {subject} someone from {city} has a {k} badge. How many euros of deposit are due?"),
                                "The deposit in the {subject} depends on the badge: {table}.",
                                "{x} euros with a {k} badge",
                                List.of(
                                        "the badge is {k}, and with a {k} badge the deposit in the {subject} is {x} euros",
                                        "a {k} badge means {x} euros in the {subject}"))));
    }

    private static Rule lookUp(
            Draw draw,
            List<String> subjects,
            List<String> keys,
            List<String> values,
            List<String> forms,
            List<String> questions,
            String text,
            String line,
            List<String> reasons) {
        boolean listed = forms.isEmpty();
        String subject = draw.pick(subjects);
        List<String> threeKeys = draw.sample(keys, 3);
        List<String> threeValues = draw.sample(values, 3);
        List<String> lines = new ArrayList<>();
        List<Rule.Branch> branches = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Map<String, String> entry = Map.of("k", threeKeys.get(i), "x", threeValues.get(i));
            lines.add(Draw.fill(line, entry));
            branches.add(Rule.Branch.of(d -> entry, "{x}", reasons));
        }
        Map<String, String> slots = new HashMap<>();
        slots.put("subject", subject);
        slots.put("table", String.join("; ", lines));
        return new Rule(Draw.fill(text, slots), branches, questions, listed ? values : List.of(), forms, slots);
    }
}
