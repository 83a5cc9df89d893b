package umem.engine.task.desk;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import umem.engine.task.Task;

/// How the desk replies: a few sentences of which one tells why the answer is what it is. The others are courtesy and
/// things that have nothing to do with the case, some with numbers of their own, so that whoever learns from a reply
/// has something to leave out.
final class Replies {
    private Replies() {}

    private static final List<String> ACCEPTED =
            List.of("Accepted.", "That is right.", "Correct, thank you.", "Yes, exactly.", "Accepted, well done.");
    private static final List<String> REJECTED =
            List.of("Rejected.", "That is not right.", "Sorry, no.", "Rejected, please take note.", "Not quite.");
    private static final List<String> NOISE = List.of(
            "Thank you for your patience, {name}.",
            "Your message was number {n} this week.",
            "The desk closes at {h}:30 today.",
            "Please quote {id} when you write again.",
            "We are {s} colleagues this week and do what we can.",
            "Have a good day, {name}.",
            "The coffee machine on our floor works again.",
            "Kind regards from {name}, who is back from {city}.",
            "This was checked at {h}:15 by {name}.",
            "Our survey takes {s} minutes, and we would be glad of your view.",
            "The weather in {city} is fine, by the way.",
            "Do not reply to this message.",
            "{name} sends greetings from {city}.",
            "The file was opened {s} minutes ago.",
            "The plants in our corner have been watered, as you may have seen.",
            "Sorry that it took {s} minutes.",
            "The newsletter of {city} mentions us on page {s}.",
            "A copy of this has been kept under {id}.",
            "Everybody is invited to the party of {name} at {h}:00.",
            "Please mind the wet paint in the corridor.",
            "The lift will be serviced in {s} weeks.",
            "We answered {n} messages last month.",
            "{name} was at the desk when this came in.",
            "Next time a colleague called {name} may answer.");

    /// The reply to a right and to a wrong answer, with the same reason.
    static Task.Feedback feedback(String reason, Draw draw) {
        return new Task.Feedback(reply(ACCEPTED, reason, draw), reply(REJECTED, reason, draw));
    }

    private static String reply(List<String> openings, String reason, Draw draw) {
        int noises = draw.number(1, 3);
        List<String> sentences = new ArrayList<>();
        for (String noise : draw.sample(NOISE, noises)) {
            sentences.add(Draw.capital(Draw.fill(noise, particulars(draw))));
        }
        sentences.add(draw.number(0, noises), reason + ".");
        sentences.addFirst(draw.pick(openings));
        return String.join(" ", sentences);
    }

    private static Map<String, String> particulars(Draw draw) {
        return Map.of(
                "name", draw.name(),
                "city", draw.pick(Draw.cities()),
                "n", Integer.toString(draw.number(110, 890)),
                "h", Integer.toString(draw.number(14, 20)),
                "id", "R" + draw.number(10001, 99998),
                "s", Integer.toString(draw.number(2, 29)));
    }
}
