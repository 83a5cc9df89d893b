package umem.engine.language;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import umem.engine.testing.Seed;

/// Streams of random text, cut at random bytes.
class StreamedAnswerTest {
    private static final String[] LINE_ENDS = {"\n", "\r\n", "\r"};

    @Test
    void putsTogetherWhatTheNetworkCuts() throws Exception {
        Seed.run(random -> {
            try (StubServer stub = new StubServer()) {
                try (RemoteLanguageModel model = RemoteLanguageModel.connect(
                        stub.address(), null, RemoteLanguageModel.Options.defaults(), delay -> {}, random)) {
                    for (int round = 0; round < 40; round++) {
                        check(stub, model, new Random(random.nextLong()));
                    }
                }
            }
        });
    }

    private static void check(StubServer stub, RemoteLanguageModel model, Random random) {
        List<String> expected = new ArrayList<>();
        StringBuilder stream = new StringBuilder();
        String lineEnd = LINE_ENDS[random.nextInt(3)];
        for (int i = random.nextInt(20); i >= 0; i--) {
            String piece = text(random);
            expected.add(piece);
            stream.append(random.nextBoolean() ? ": ping" + lineEnd : "")
                    .append("data: ")
                    .append(StubServer.delta(piece))
                    .append(lineEnd)
                    .append(lineEnd);
        }
        stream.append("data: ")
                .append(StubServer.finish("stop"))
                .append(lineEnd)
                .append(lineEnd);
        stream.append("data: [DONE]").append(lineEnd).append(lineEnd);
        byte[] bytes = stream.toString().getBytes(StandardCharsets.UTF_8);
        stub.only((request, connection) -> {
            connection.send(StubServer.head(200, "Transfer-Encoding: chunked") + "\r\n");
            ByteArrayInputStream rest = new ByteArrayInputStream(bytes);
            while (rest.available() > 0) {
                connection.chunk(rest.readNBytes(ThreadLocalRandom.current().nextInt(1, 9)));
            }
            connection.send("0\r\n\r\n");
        });
        List<String> pieces = new ArrayList<>();
        GenerationRequest request = new GenerationRequest(List.of(ChatMessage.user("q")), Sampling.greedy(9));
        Generation generation = model.submit(request, pieces::add).join();
        assertThat(pieces).isEqualTo(expected);
        assertThat(generation.text()).isEqualTo(String.join("", expected));
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(1, 6); i > 0; i--) {
            int point;
            do {
                point = random.nextBoolean() ? random.nextInt(1, 0x250) : random.nextInt(1, 0x110000);
            } while (point >= 0xd800 && point < 0xe000);
            text.appendCodePoint(point);
        }
        return text.toString();
    }
}
