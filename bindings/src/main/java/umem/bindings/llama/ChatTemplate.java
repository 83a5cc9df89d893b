package umem.bindings.llama;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import umem.bindings.NativeException;
import umem.bindings.internal.generated.Llama;
import umem.bindings.internal.generated.llama_chat_message;
import umem.error.ErrorKind;

/// Renders conversations the way a model was trained on them. Stateless; safe for all threads.
public final class ChatTemplate {
    /// One turn.
    ///
    /// @param role `system`, `user` or `assistant`
    /// @param content the text
    public record Turn(String role, String content) {}

    private ChatTemplate() {}

    /// Renders a conversation.
    ///
    /// @param template a chat template that llama.cpp knows by its markers
    /// @param turns the turns, at least one
    /// @param addAssistant whether to open the assistant's turn at the end
    /// @throws NativeException of kind MODEL if the template is not known
    public static String apply(String template, List<Turn> turns, boolean addAssistant) {
        try (Arena arena = Arena.ofConfined()) {
            long stride = llama_chat_message.sizeof();
            MemorySegment messages = arena.allocate(llama_chat_message.layout(), Math.max(1, turns.size()));
            long length = 256;
            for (int i = 0; i < turns.size(); i++) {
                MemorySegment message = messages.asSlice(i * stride, stride);
                MemorySegment content = string(arena, turns.get(i).content());
                llama_chat_message.role(message, string(arena, turns.get(i).role()));
                llama_chat_message.content(message, content);
                length += 64 + content.byteSize();
            }
            MemorySegment text = string(arena, template);
            int capacity = Math.toIntExact(2 * length);
            MemorySegment buffer = arena.allocate(capacity);
            int written = Llama.llama_chat_apply_template(text, messages, turns.size(), addAssistant, buffer, capacity);
            if (written > capacity) {
                capacity = written;
                buffer = arena.allocate(capacity);
                written = Llama.llama_chat_apply_template(text, messages, turns.size(), addAssistant, buffer, capacity);
            }
            if (written < 0) {
                throw new NativeException(
                        ErrorKind.MODEL,
                        "the model's chat template is not one that llama.cpp knows; choose an instruct model",
                        "llama_chat_apply_template",
                        written,
                        null,
                        LlamaLibrary.VERSION);
            }
            return new String(buffer.asSlice(0, written).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        }
    }

    /// A C string ends at the first NUL, so those inside the text become spaces.
    private static MemorySegment string(Arena arena, String text) {
        return arena.allocateFrom(text.replace('\0', ' '));
    }
}
