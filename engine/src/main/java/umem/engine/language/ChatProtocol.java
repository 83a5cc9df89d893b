package umem.engine.language;

import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The JSON of OpenAI's chat completions, as far as it is used here.
final class ChatProtocol {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int LONGEST_DETAIL = 300;

    private ChatProtocol() {}

    /// The body of a request.
    static byte[] request(String model, GenerationRequest request, boolean stream) {
        ObjectNode body = JSON.createObjectNode();
        body.put("model", model);
        ArrayNode messages = body.putArray("messages");
        for (ChatMessage message : request.messages()) {
            messages.addObject().put("role", message.role().wire()).put("content", wellFormed(message.content()));
        }
        Sampling sampling = request.sampling();
        body.put("max_tokens", sampling.maxTokens());
        body.put("temperature", sampling.temperature());
        body.put("seed", seed(sampling.seed()));
        if (!sampling.isGreedy()) {
            // Said even when it is 1: servers have defaults of their own.
            body.put("top_p", sampling.topP());
            if (sampling.topK() > 0) {
                body.put("top_k", sampling.topK());
            }
        }
        if (request.grammar() != null) {
            body.put("grammar", request.grammar());
        }
        if (stream) {
            body.put("stream", true);
            body.putObject("stream_options").put("include_usage", true);
        }
        return JSON.writeValueAsBytes(body);
    }

    /// Folds a seed to 31 bits: every server takes those, and none reads a special meaning into them, such as "random"
    /// for -1. Small seeds stay what they are.
    private static int seed(long seed) {
        return seed == (int) seed && seed >= 0 ? (int) seed : (int) ((seed ^ seed >>> 32) & 0x7fff_ffff);
    }

    /// Reads a JSON object.
    ///
    /// @throws RemoteFailure transitory if it is not one, whole and well-formed; or what the server reports in its
    ///     place
    static JsonNode answer(byte[] body) throws RemoteFailure {
        JsonNode node;
        try {
            node = JSON.readTree(body);
        } catch (JacksonException e) {
            throw RemoteFailure.transitory(body.length == 0 ? "an empty answer" : "the answer is not whole JSON", e);
        }
        if (!node.isObject()) {
            throw RemoteFailure.transitory("the answer is not a JSON object", null);
        }
        requireNoError(node);
        return node;
    }

    /// Some servers report errors under the status 200, and in a stream there is no other way.
    private static void requireNoError(JsonNode node) throws RemoteFailure {
        JsonNode error = node.path("error");
        if (error.isMissingNode() || error.isNull()) {
            return;
        }
        int code = error.path("code").asInt(0);
        boolean known = code >= 400 && code < 600;
        String detail = "the server reports: " + detail(node);
        throw known
                ? new RemoteFailure(detail, RemoteFailure.isTransitory(code), null, null)
                : RemoteFailure.transitory(detail, null);
    }

    /// The result of a request without streaming.
    ///
    /// @throws RemoteFailure if it holds none
    static Completion completion(JsonNode answer) throws RemoteFailure {
        JsonNode choice = answer.path("choices").path(0);
        JsonNode message = choice.path("message");
        if (!message.isObject()) {
            throw RemoteFailure.transitory("the answer holds no message", null);
        }
        Completion completion = new Completion();
        completion.append(text(message, "content"), text(message, "reasoning_content"));
        completion.finish(text(choice, "finish_reason"));
        completion.usage(answer.path("usage"));
        return completion;
    }

    /// Takes in one event of a stream.
    ///
    /// @return the text that it adds, maybe empty
    /// @throws RemoteFailure if it is malformed, or reports an error
    static String event(String data, Completion completion) throws RemoteFailure {
        JsonNode event = answer(data.getBytes(StandardCharsets.UTF_8));
        completion.usage(event.path("usage"));
        // The last event, with the usage, has no choices.
        JsonNode choice = event.path("choices").path(0);
        JsonNode delta = choice.path("delta");
        String content = text(delta, "content");
        completion.append(content, text(delta, "reasoning_content"));
        completion.finish(text(choice, "finish_reason"));
        return content;
    }

    /// The server's own words about an error in one line, empty if it has none.
    static String detail(byte[] body) {
        try {
            return detail(JSON.readTree(body));
        } catch (JacksonException e) {
            return line(new String(body, 0, Math.min(body.length, 4 * LONGEST_DETAIL), StandardCharsets.UTF_8));
        }
    }

    private static String detail(JsonNode body) {
        JsonNode error = body.path("error");
        for (JsonNode candidate :
                new JsonNode[] {error.path("message"), error, body.path("message"), body.path("detail")}) {
            if (candidate.isString()) {
                String kind = text(error, "code");
                return line(kind.isEmpty() ? candidate.asString() : candidate.asString() + " [" + kind + "]");
            }
        }
        return line(body.isMissingNode() ? "" : body.toString());
    }

    private static String line(String text) {
        String line = text.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
        return line.length() <= LONGEST_DETAIL ? line : line.substring(0, LONGEST_DETAIL) + "...";
    }

    private static String text(JsonNode node, String field) {
        JsonNode value = node.path(field);
        return value.isString() ? value.asString() : "";
    }

    /// Puts U+FFFD in the place of halves of surrogate pairs.
    static String wellFormed(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
    }

    /// What has come of an answer so far.
    static final class Completion {
        private final StringBuilder content = new StringBuilder();
        private final StringBuilder reasoning = new StringBuilder();
        private String finish = "";
        private int promptTokens = -1;
        private int completionTokens;

        private void append(String moreContent, String moreReasoning) {
            content.append(moreContent);
            reasoning.append(moreReasoning);
        }

        private void finish(String reason) {
            if (!reason.isEmpty()) {
                finish = reason;
            }
        }

        private void usage(JsonNode usage) {
            if (usage.isObject()) {
                promptTokens = Math.max(0, usage.path("prompt_tokens").asInt(0));
                completionTokens = Math.max(0, usage.path("completion_tokens").asInt(0));
            }
        }

        boolean isFinished() {
            return !finish.isEmpty();
        }

        boolean isCounted() {
            return promptTokens >= 0;
        }

        /// Whether what the model thought stands in for an answer that it did not give.
        boolean isReasoningOnly() {
            return content.isEmpty() && !reasoning.isEmpty();
        }

        String text() {
            return wellFormed((isReasoningOnly() ? reasoning : content).toString());
        }

        /// @throws RemoteFailure if the server did not end it properly
        void requireSuccess() throws RemoteFailure {
            switch (finish) {
                case "error" -> throw RemoteFailure.transitory("the server broke the answer off", null);
                case "content_filter" ->
                    throw RemoteFailure.lasting("the server withheld the answer (content_filter)", null);
                default -> {}
            }
        }

        Generation generation() {
            return new Generation(
                    text(),
                    Math.max(0, promptTokens),
                    completionTokens,
                    finish.equals("length") ? Generation.Finish.LENGTH : Generation.Finish.STOP);
        }
    }
}
