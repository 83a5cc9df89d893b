package umem.engine.language;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.function.Consumer;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Reads an answer as it comes and hands its text on. For one request, one thread.
final class StreamedAnswer implements RemoteConnection.Reply<ChatProtocol.Completion> {
    private static final String END = "[DONE]";

    private final Consumer<String> listener;
    private boolean handedOn;

    StreamedAnswer(Consumer<String> listener) {
        this.listener = listener;
    }

    @Override
    public boolean isRepeatable() {
        return !handedOn;
    }

    @Override
    public ChatProtocol.Completion read(HttpResponse<InputStream> response) throws IOException, RemoteFailure {
        EventStream events = new EventStream(response.body());
        ChatProtocol.Completion completion = new ChatProtocol.Completion();
        String half = "";
        boolean done = false;
        try {
            while (!done) {
                String data = events.next();
                if (data == null) {
                    break;
                }
                done = data.strip().equals(END);
                if (!done && !data.isBlank()) {
                    String text = half + ChatProtocol.event(data, completion);
                    int whole = wholeCharacters(text);
                    half = text.substring(whole);
                    handOn(text.substring(0, whole));
                }
            }
        } catch (IOException e) {
            // What follows the reason for the end is of no weight.
            if (!completion.isFinished()) {
                throw e;
            }
        }
        if (!done && !completion.isFinished()) {
            throw RemoteFailure.transitory("the stream ended before the answer did", null);
        }
        completion.requireSuccess();
        handOn(half);
        if (completion.isReasoningOnly()) {
            handOn(completion.text());
        }
        return completion;
    }

    /// The length of a text without the half of a surrogate pair at its end: some servers cut there.
    private static int wholeCharacters(String text) {
        boolean cut = !text.isEmpty() && Character.isHighSurrogate(text.charAt(text.length() - 1));
        return cut ? text.length() - 1 : text.length();
    }

    private void handOn(String text) {
        if (text.isEmpty()) {
            return;
        }
        handedOn = true;
        try {
            listener.accept(ChatProtocol.wellFormed(text));
        } catch (RuntimeException e) {
            throw new UmemException(ErrorKind.INTERNAL, "the listener of a generation failed: " + e, e);
        }
    }
}
