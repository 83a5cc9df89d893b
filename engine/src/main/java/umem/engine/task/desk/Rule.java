package umem.engine.task.desk;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// One local convention with its parameters drawn.
///
/// @param text the whole rule in words, without anything particular to a case
/// @param branches the cases that it tells apart, at least two
/// @param questions wordings of a question; `{options}` stands for the shuffled options
/// @param options what the answer is chosen from, empty if the answer is free
/// @param forms other forms of a right answer, with `{answer}`, such as `{answer} euros`
/// @param parameters slots that are the same in every case of the rule
record Rule(
        String text,
        List<Branch> branches,
        List<String> questions,
        List<String> options,
        List<String> forms,
        Map<String, String> parameters) {

    /// A rule whose answers have one form, but for what [#shortened] allows.
    Rule(
            String text,
            List<Branch> branches,
            List<String> questions,
            List<String> options,
            Map<String, String> parameters) {
        this(text, branches, questions, options, List.of(), parameters);
    }

    /// One of the cases that a rule tells apart.
    ///
    /// @param particulars draws the slots of a case in which this branch applies
    /// @param answer the answer, with slots; computed from the slots where `{answer}` is not enough
    /// @param reasons wordings of the one sentence that tells why, in the words of the case
    record Branch(
            Function<Draw, Map<String, String>> particulars,
            Function<Map<String, String>, String> answer,
            List<String> reasons) {

        /// A branch whose answer is a slot or a constant.
        static Branch of(Function<Draw, Map<String, String>> particulars, String answer, List<String> reasons) {
            return new Branch(particulars, slots -> answer, reasons);
        }
    }

    /// A case of one branch.
    ///
    /// @param answers the accepted answers, the proper one first
    record Case(String question, List<String> answers, String reason) {}

    /// Draws a case in which the given branch applies.
    Case draw(int branch, Draw draw) {
        Branch applied = branches.get(branch);
        Map<String, String> slots = new HashMap<>(parameters);
        slots.put("id", Integer.toString(draw.number(1001, 9998)));
        slots.put("name", draw.name());
        slots.put("city", draw.pick(Draw.cities()));
        slots.putAll(applied.particulars().apply(draw));
        List<String> shuffled = draw.shuffled(options);
        if (!shuffled.isEmpty()) {
            slots.put("options", Draw.alternatives(shuffled));
        }
        String answer = Draw.fill(applied.answer().apply(slots), slots);
        slots.put("answer", answer);
        List<String> answers = new ArrayList<>(List.of(answer));
        forms.forEach(form -> answers.add(Draw.fill(form, slots)));
        answers.addAll(shortened(answer, options));
        return new Case(
                Draw.fill(draw.pick(questions), slots),
                answers,
                Draw.capital(Draw.fill(draw.pick(applied.reasons()), slots)));
    }

    /// The answer without the word that all options share: "3" for "ramp 3" where all options are ramps.
    private static List<String> shortened(String answer, List<String> options) {
        Set<String> shared = new LinkedHashSet<>(List.of(answer.split(" ")));
        options.forEach(option -> shared.retainAll(List.of(option.split(" "))));
        List<String> rest = new ArrayList<>(List.of(answer.split(" ")));
        rest.removeAll(shared);
        return options.isEmpty() || shared.isEmpty() || rest.isEmpty() ? List.of() : List.of(String.join(" ", rest));
    }

    /// Branches for `cases` cases in random order, each as often as the others as far as it goes.
    List<Integer> branchOrder(int cases, Draw draw) {
        List<Integer> order = new ArrayList<>(cases);
        while (order.size() < cases) {
            List<Integer> all = new ArrayList<>();
            for (int i = 0; i < branches.size(); i++) {
                all.add(i);
            }
            order.addAll(draw.sample(all, Math.min(all.size(), cases - order.size())));
        }
        return draw.shuffled(order);
    }
}
