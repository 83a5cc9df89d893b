package umem.engine.executor;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import umem.engine.language.ChatMessage;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The prompts of executor and Mem-Optimizer. They are files, bundled and overridable: a folder may hold any of them,
/// and those that it holds win.
///
/// All of them know `question`, `hasExperiences` and `experiences` (a list of `index`, `value`), and besides:
///
/// | file | variables |
/// | --- | --- |
/// | `executor-multiple-choice.txt` | `choices` (a list of `index`, `letter`, `text`) |
/// | `executor-maths.txt` | |
/// | `executor-question-answering.txt` | `hasContext`, `context` |
/// | `optimizer-success.txt`, `optimizer-failure.txt` | `hasChoices`, `choices`, `trajectory`, `hasReply`, `reply` |
///
/// Immutable; safe for all threads.
public final class Prompts {
    private static final String RESOURCES = "/umem/engine/prompts/";

    private final Map<Name, PromptTemplate> templates = new EnumMap<>(Name.class);

    /// The files there are.
    public enum Name {
        EXECUTOR_MULTIPLE_CHOICE,
        EXECUTOR_MATHS,
        EXECUTOR_QUESTION_ANSWERING,
        OPTIMIZER_SUCCESS,
        OPTIMIZER_FAILURE;

        /// Name of the file.
        public String file() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-') + ".txt";
        }
    }

    private Prompts(@Nullable Path folder) {
        for (Name name : Name.values()) {
            Path file = folder == null ? null : folder.resolve(name.file());
            templates.put(
                    name,
                    file != null && Files.exists(file)
                            ? PromptTemplate.parse(file.toString(), read(file))
                            : PromptTemplate.parse(name.file(), resource(name)));
        }
    }

    /// The bundled prompts.
    public static Prompts standard() {
        return new Prompts(null);
    }

    /// The bundled prompts, except those that a folder holds.
    ///
    /// @throws UmemException of kind INPUT if the folder does not exist, holds none of the files, or one of them cannot
    ///     be used
    public static Prompts load(Path folder) {
        boolean any = false;
        for (Name name : Name.values()) {
            any |= Files.isRegularFile(folder.resolve(name.file()));
        }
        if (!any) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    "the prompts folder " + folder + " holds none of the prompt files, such as "
                            + Name.EXECUTOR_MATHS.file());
        }
        return new Prompts(folder);
    }

    /// Renders a prompt.
    ///
    /// @param variables as listed in the table above
    /// @throws UmemException of kind INPUT if the file names a variable that is not there
    public List<ChatMessage> render(Name name, Map<String, Object> variables) {
        return template(name).render(variables);
    }

    /// Identifies the text of some prompts.
    ///
    /// @return SHA-256 in hexadecimal
    public String fingerprint(Name... names) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Name name : names) {
                digest.update(template(name).source().getBytes(StandardCharsets.UTF_8));
                digest.update((byte) 0);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private PromptTemplate template(Name name) {
        PromptTemplate template = templates.get(name);
        if (template == null) {
            throw new IllegalStateException(name + " is not loaded");
        }
        return template;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UmemException(ErrorKind.INPUT, "prompt " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static String resource(Name name) {
        try (InputStream stream = Prompts.class.getResourceAsStream(RESOURCES + name.file())) {
            if (stream == null) {
                throw new IllegalStateException("the prompt " + name.file() + " is not bundled");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the prompt " + name.file() + " cannot be read", e);
        }
    }
}
