package umem.engine.embedding.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.testing.Seed;
import umem.error.ErrorKind;
import umem.error.UmemException;

class TextLinesTest {
    @TempDir
    Path folder;

    private static TextLines of(String content) {
        return of(content.getBytes(StandardCharsets.UTF_8));
    }

    private static TextLines of(byte[] content) {
        return TextLines.of(new ByteArrayInputStream(content), "test");
    }

    private static List<String> all(TextLines lines) {
        List<String> all = new ArrayList<>();
        for (String line = lines.next(); line != null; line = lines.next()) {
            all.add(line);
        }
        return all;
    }

    @Test
    void splitsLines() {
        assertThat(all(of(""))).isEmpty();
        assertThat(all(of("\n"))).containsExactly("");
        assertThat(all(of("a\r\n\nä🙂\n"))).containsExactly("a", "", "ä🙂");
        assertThat(all(of("a\nlast"))).containsExactly("a", "last");
        assertThat(all(of("\ufeffa\n\ufeffb"))).containsExactly("a", "\ufeffb");
        assertThat(all(of("a\rb\n"))).containsExactly("a\rb");
    }

    @Test
    void readsWhatJavaReads() throws Exception {
        Seed.run(random -> {
            StringBuilder content = new StringBuilder();
            for (int i = 0; i < 500; i++) {
                content.append("ab€🙂 ".repeat(random.nextInt(random.nextInt(20) == 0 ? 20_000 : 20)));
                content.append('\n');
            }
            assertThat(all(of(content.toString())))
                    .isEqualTo(content.toString().lines().toList());
        });
    }

    @Test
    void saysWhereItIsNotText() {
        TextLines lines = of(new byte[] {'a', '\n', 'b', '\n', 'c', (byte) 0xe4, '\n'});
        assertThat(lines.next()).isEqualTo("a");
        assertThat(lines.next()).isEqualTo("b");
        refused(lines, "test, line 3: not UTF-8");
        refused(of(new byte[] {'a', '\n', (byte) 0xe2, (byte) 0x82}), "a", "test, line 2: not UTF-8");
        byte[] endless = new byte[TextLines.LONGEST_LINE + 2];
        Arrays.fill(endless, (byte) 'x');
        refused(of(endless), "test, line 1: longer than 16 MiB");
    }

    private static void refused(TextLines lines, String first, String message) {
        assertThat(lines.next()).isEqualTo(first);
        refused(lines, message);
    }

    private static void refused(TextLines lines, String message) {
        assertThatThrownBy(lines::next)
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                .hasMessageContaining(message);
    }

    private Path compressed(String content) throws IOException {
        Path file = folder.resolve("texts.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(content.getBytes(StandardCharsets.UTF_8));
        }
        return file;
    }

    @Test
    void decompresses() throws IOException {
        Path file = compressed("a\nb\n");
        try (TextLines lines = TextLines.open(file)) {
            assertThat(all(lines)).containsExactly("a", "b");
            assertThat(lines.fraction()).isEqualTo(1);
        }
        byte[] whole = Files.readAllBytes(compressed("some text\n".repeat(10_000)));
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        try (TextLines lines = TextLines.open(file)) {
            assertThatThrownBy(() -> all(lines)).hasMessageContaining("not gzip, cut off or damaged");
        }
        Files.writeString(file, "plain");
        assertThatThrownBy(() -> TextLines.open(file)).hasMessageContaining("not gzip");
        assertThatThrownBy(() -> TextLines.open(folder.resolve("none"))).hasMessageContaining("no file");
        assertThatThrownBy(() -> TextLines.open(folder)).hasMessageContaining("is a folder");
    }

    @Test
    void goesOnWhereAnEarlierReaderWas() throws Exception {
        Seed.run(random -> {
            String content = content(random);
            List<String> expected = content.lines().toList();
            int read = random.nextInt(expected.size() + 1);
            TextLines.Position position = positionAfter(content, read);
            TextLines later = of(content + (read < expected.size() ? "and more" : ""));
            later.skipTo(position);
            assertThat(later.position()).isEqualTo(position);
            List<String> rest = new ArrayList<>(expected.subList(read, expected.size()));
            if (read < expected.size()) {
                rest.add("and more");
            }
            assertThat(all(later)).isEqualTo(rest);
        });
    }

    private static String content(Random random) {
        StringBuilder content = new StringBuilder();
        for (int i = 0; i < 1 + random.nextInt(50); i++) {
            content.append("é".repeat(random.nextInt(10_000))).append('\n');
        }
        return content.toString();
    }

    private static TextLines.Position positionAfter(String content, int lines) {
        TextLines first = of(content);
        for (int i = 0; i < lines; i++) {
            first.next();
        }
        return first.position();
    }

    @Test
    void noticesThatWhatWasReadHasChanged() {
        TextLines.Position position = positionAfter("one\ntwo\nthree\n", 2);
        for (String changed : List.of("one\ntWo\nthree\n", "one\n", "", "one\ntwo", "oneandtwo\n")) {
            assertThatThrownBy(() -> of(changed).skipTo(position))
                    .hasMessageContaining("first 2 lines have changed")
                    .hasMessageContaining("without --resume");
        }
        TextLines.Position unfinished = positionAfter("one\ntwo", 2);
        of("one\ntwo").skipTo(unfinished);
        assertThatThrownBy(() -> of("one\ntwo and more").skipTo(unfinished)).hasMessageContaining("have changed");
        assertThatThrownBy(() -> of("one\ntwo\n").skipTo(unfinished)).hasMessageContaining("have changed");
        assertThatThrownBy(
                        () -> of("one\ntwo\n").skipTo(new TextLines.Position(1, position.bytes(), position.sha256())))
                .as("a journal whose numbers do not belong together")
                .hasMessageContaining("have changed");
    }
}
