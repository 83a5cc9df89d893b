package umem.engine.task.desk;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// Everything random about a task, from one seed. [Random] because its sequence is specified: a seed names the same
/// tasks on every machine and in every release of Java.
final class Draw {
    private static final List<String> NAMES = List.of(
            "Anna", "Boris", "Chen", "Dana", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kofi", "Lena", "Mara",
            "Nils", "Olga", "Pavel", "Rosa", "Samir", "Tilda", "Umar", "Vera", "Wanda", "Yusuf", "Zoe");
    private static final List<String> CITIES = List.of(
            "Lund", "Porto", "Graz", "Gdansk", "Nantes", "Bergen", "Turin", "Leuven", "Split", "Tartu", "Cork", "Basel",
            "Bilbao", "Aarhus", "Krakow", "Utrecht");
    private static final Pattern ARTICLE = Pattern.compile("(^A|\\ba) (?=[aeio]|urgent)");
    private static final Pattern SLOT = Pattern.compile("\\{(\\w+)}");

    private final Random random;

    Draw(long seed) {
        this.random = new Random(mix(seed));
    }

    /// Spreads nearby seeds apart (the finaliser of SplitMix64).
    static long mix(long seed) {
        long z = seed + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /// A number in `[low, high]`.
    int number(int low, int high) {
        return low + random.nextInt(high - low + 1);
    }

    /// A multiple of `step` in `[low, high]`.
    int multiple(int low, int high, int step) {
        int first = (low + step - 1) / step;
        return step * number(first, high / step);
    }

    <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    <T> List<T> shuffled(List<T> from) {
        List<T> copy = new ArrayList<>(from);
        Collections.shuffle(copy, random);
        return copy;
    }

    /// `count` different elements in random order.
    <T> List<T> sample(List<T> from, int count) {
        return shuffled(from).subList(0, count);
    }

    String name() {
        return pick(NAMES);
    }

    static List<String> cities() {
        return CITIES;
    }

    /// The words joined as in "road, rail, air or sea".
    static String alternatives(List<String> words) {
        return String.join(", ", words.subList(0, words.size() - 1)) + " or " + words.getLast();
    }

    /// Replaces `{slot}` by its value and `{Slot}` by its value with a capital letter; values may hold slots. The
    /// article "a" becomes "an" where the next word asks for it.
    ///
    /// @throws IllegalArgumentException if a slot has no value
    static String fill(String template, Map<String, String> slots) {
        String text = template;
        for (int depth = 0; text.indexOf('{') >= 0; depth++) {
            if (depth == 4) {
                throw new IllegalArgumentException("slots refer to each other: " + template);
            }
            text = SLOT.matcher(text)
                    .replaceAll(match -> java.util.regex.Matcher.quoteReplacement(value(match, slots)));
        }
        return ARTICLE.matcher(text).replaceAll("$1n ");
    }

    private static String value(MatchResult match, Map<String, String> slots) {
        String slot = match.group(1);
        String value = slots.get(slot);
        if (value != null) {
            return value;
        }
        value = slots.get(slot.substring(0, 1).toLowerCase(Locale.ROOT) + slot.substring(1));
        if (value == null) {
            throw new IllegalArgumentException("no value for {" + slot + "}");
        }
        return capital(value);
    }

    static String capital(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }
}
