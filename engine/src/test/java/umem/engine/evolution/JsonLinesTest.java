package umem.engine.evolution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.error.ErrorKind;
import umem.error.UmemException;

class JsonLinesTest {
    @TempDir
    Path folder;

    @Test
    void aLineCutOffAtAnyByteIsDroppedAndTheRestGoesOn() throws IOException {
        Path file = folder.resolve("lines.jsonl");
        try (JsonLines lines = open(file, new ArrayList<>())) {
            lines.append(Map.of("a", "first"));
            lines.append(Map.of("a", "zweite, äöü"));
        }
        byte[] whole = Files.readAllBytes(file);
        int firstEnd = Files.readString(file).indexOf('\n') + 1;
        for (int cut = firstEnd; cut < whole.length; cut++) {
            Files.write(file, Arrays.copyOf(whole, cut));
            List<String> read = new ArrayList<>();
            try (JsonLines lines = open(file, read)) {
                lines.append(Map.of("a", "third"));
            }
            assertThat(read).as("cut at %d", cut).containsExactly("first");
            List<String> again = new ArrayList<>();
            open(file, again).close();
            assertThat(again).containsExactly("first", "third");
        }
    }

    @Test
    void aDamagedLineInTheMiddleIsToldWithFileAndLine() throws IOException {
        Path file = folder.resolve("lines.jsonl");
        Files.writeString(file, "{\"a\":\"x\"}\n{\"a\":\n{\"a\":\"y\"}\n");
        assertThatThrownBy(() -> open(file, new ArrayList<>()))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.STORAGE))
                .hasMessageContaining("lines.jsonl line 2 is damaged");
    }

    private static JsonLines open(Path file, List<String> values) {
        return JsonLines.open(file, Map.class, value -> values.add(String.valueOf(value.get("a"))));
    }
}
