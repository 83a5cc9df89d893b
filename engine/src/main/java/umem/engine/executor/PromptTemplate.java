package umem.engine.executor;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.MustacheException;
import com.samskivert.mustache.Template;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import umem.engine.language.ChatMessage;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A prompt as a file: turns that begin with a line `[system]`, `[user]` or `[assistant]`, each a Mustache template.
///
/// `{{name}}` inserts a variable, `{{#name}}...{{/name}}` appears once for each element of a list or where a value is
/// present. Text is inserted as it is, nothing is escaped. A variable that does not exist is an error, so that a typing
/// mistake does not silently empty a prompt. Immutable; safe for all threads.
final class PromptTemplate {
    private static final Pattern HEADER = Pattern.compile("(?m)^\\[(system|user|assistant)]\\s*?\\n");

    private final String name;
    private final String source;
    private final List<Turn> turns;

    private record Turn(ChatMessage.Role role, Template template) {}

    private PromptTemplate(String name, String source, List<Turn> turns) {
        this.name = name;
        this.source = source;
        this.turns = turns;
    }

    /// @param name for error messages: the file
    /// @throws UmemException of kind INPUT if the text has no turns or an empty one, does not end with the user's, or
    ///     is no template
    static PromptTemplate parse(String name, String text) {
        String source = text.startsWith("\uFEFF") ? text.substring(1) : text;
        Mustache.Compiler compiler = Mustache.compiler().escapeHTML(false).strictSections(true);
        List<Turn> turns = new ArrayList<>();
        Matcher header = HEADER.matcher(source);
        if (!header.find() || !source.substring(0, header.start()).isBlank()) {
            throw invalid(name, "it must begin with a line [system], [user] or [assistant]");
        }
        boolean more = true;
        while (more) {
            ChatMessage.Role role = ChatMessage.Role.valueOf(header.group(1).toUpperCase(java.util.Locale.ROOT));
            int begin = header.end();
            more = header.find();
            String body = source.substring(begin, more ? header.start() : source.length())
                    .strip();
            if (body.isEmpty()) {
                throw invalid(name, "a turn is empty");
            }
            try {
                turns.add(new Turn(role, compiler.compile(body)));
            } catch (MustacheException e) {
                throw invalid(name, e.getMessage());
            }
        }
        if (turns.getLast().role() != ChatMessage.Role.USER) {
            throw invalid(name, "the last turn must be [user]");
        }
        return new PromptTemplate(name, source, List.copyOf(turns));
    }

    /// The text it was read from.
    String source() {
        return source;
    }

    /// Fills in the variables.
    ///
    /// @throws UmemException of kind INPUT if the template names a variable that is not there
    List<ChatMessage> render(Map<String, Object> variables) {
        List<ChatMessage> messages = new ArrayList<>(turns.size());
        for (Turn turn : turns) {
            try {
                messages.add(new ChatMessage(
                        turn.role(), turn.template().execute(variables).strip()));
            } catch (MustacheException e) {
                throw invalid(name, e.getMessage());
            }
        }
        return messages;
    }

    private static UmemException invalid(String name, @Nullable String reason) {
        return new UmemException(ErrorKind.INPUT, "prompt " + name + " cannot be used: " + reason);
    }
}
