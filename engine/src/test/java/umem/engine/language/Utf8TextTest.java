package umem.engine.language;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import umem.engine.testing.Seed;

class Utf8TextTest {
    @Test
    void anyCutGivesWholeCharactersOnly() throws Exception {
        Seed.run(random -> {
            for (int round = 0; round < 500; round++) {
                String expected = text(random);
                check(expected.getBytes(StandardCharsets.UTF_8), expected, random);
            }
        });
    }

    @Test
    void anyBytesGiveWhatTheDecoderOfTheJdkGives() throws Exception {
        Seed.run(random -> {
            for (int round = 0; round < 500; round++) {
                byte[] bytes = new byte[random.nextInt(300)];
                random.nextBytes(bytes);
                check(bytes, new String(bytes, StandardCharsets.UTF_8), random);
            }
        });
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(200);
        while (text.length() < length) {
            int[] limits = {0x80, 0x800, 0xD800, 0x110000};
            int point = random.nextInt(limits[random.nextInt(4)]);
            if (point < 0xD800 || point > 0xDFFF) {
                text.appendCodePoint(point);
            }
        }
        return text.toString();
    }

    private static void check(byte[] bytes, String expected, Random random) {
        Utf8Text text = new Utf8Text();
        StringBuilder pieces = new StringBuilder();
        for (int from = 0; from < bytes.length; ) {
            int to = Math.min(bytes.length, from + random.nextInt(1 + random.nextInt(90)));
            String piece = text.add(Arrays.copyOfRange(bytes, from, to));
            assertThat(StandardCharsets.UTF_16.newEncoder().canEncode(piece)).isTrue();
            pieces.append(piece);
            from = to;
        }
        pieces.append(text.end());
        assertThat(pieces).hasToString(expected);
        assertThat(text.text()).isEqualTo(expected);
    }
}
