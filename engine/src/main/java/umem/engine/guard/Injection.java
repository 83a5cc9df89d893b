package umem.engine.guard;

import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Pattern;

/// A way in which the text of a memory tries to steer the model that reads it, instead of telling it something.
///
/// Texts are looked at, not understood: a lesson about prompts may be flagged, and what no pattern knows is not.
/// Nothing
/// depends on it for safety: whatever a memory says, it stays a line of the prompt's list of experiences.
public enum Injection {
    /// A token that chat templates are made of, such as `<|im_end|>`.
    CONTROL_TOKEN("<\\|[^|>\\s]{1,40}\\|>|\\[/?INST]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>"),
    /// A line that speaks in another's role, or gives the model a new one.
    ROLE("(?:^|\\n)\\s*(?:system|assistant|user|human|developer)\\s*:"
            + "|\\byou are (?:now|no longer)\\b|\\b(?:act|behave|respond) as (?:if|an?|the)\\b|\\bpretend (?:to be|that)\\b"
            + "|\\bfrom now on,? you\\b"),
    /// A call to set the instructions aside.
    OVERRIDE("\\b(?:ignore|disregard|forget|override|bypass)\\b[^.\\n]{0,40}"
            + "\\b(?:instructions?|rules?|prompts?|notes?|messages?|experiences?|guidelines|above|previous)\\b"),
    /// A text that speaks to the model about itself or its answers.
    ADDRESS(
            "\\bas an ai\\b|\\b(?:large )?language model\\b"
                    + "|\\byou (?:must|shall|should|will|have to) (?:always |only |never )?(?:answer|output|reply|respond|say|print|repeat)\\b"),
    /// A tag of the formats that executor and Mem-Optimizer write.
    SCHEMA("</?(?:experience|value|operation|answer)>|\\\\boxed\\b");

    private final Pattern pattern;

    Injection(String regex) {
        pattern = Pattern.compile(regex, Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
    }

    /// What a text tries; empty for most.
    public static Set<Injection> in(String text) {
        Set<Injection> found = EnumSet.noneOf(Injection.class);
        for (Injection injection : values()) {
            if (injection.pattern.matcher(text).find()) {
                found.add(injection);
            }
        }
        return found;
    }
}
