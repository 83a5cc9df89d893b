package umem.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import umem.cli.terminal.Json;

class EmbedAndModelsTest {
    @TempDir
    private Path folder;

    private static Session embed(String... args) {
        List<String> all = new ArrayList<>(List.of("embed", "--offline", "--cpu", "--threads", "1"));
        all.addAll(List.of(args));
        return Session.run(all.toArray(String[]::new));
    }

    private static List<JsonNode> lines(Session session) {
        assertThat(session.err()).isEmpty();
        assertThat(session.code()).isZero();
        return session.out()
                .lines()
                .map(line -> (JsonNode) Json.mapper().readTree(line))
                .toList();
    }

    @Test
    void embedsArgumentsAsJsonLines() {
        List<JsonNode> plain = lines(embed("a cat", "a kitten", "tax law"));
        assertThat(plain).hasSize(3).allMatch(line -> line.path("embedding").size() == 384);
        assertThat(plain).noneMatch(line -> line.has("text"));
        assertThat(dot(plain.get(0), plain.get(0))).isEqualTo(1, within(1e-5));
        assertThat(dot(plain.get(0), plain.get(1))).isGreaterThan(dot(plain.get(0), plain.get(2)));
        assertThat(lines(embed("--json", "a cat")).getFirst().path("text").asString())
                .isEqualTo("a cat");
    }

    @Test
    void writesRawRowsOfTheLinesOfAFile() throws IOException {
        Path input = Files.write(folder.resolve("texts.txt"), List.of("a cat", "", "ein Kätzchen"));
        Path output = folder.resolve("rows.f32");
        JsonNode summary = lines(embed("--input", input.toString(), "--output", output.toString()))
                .getFirst();
        assertThat(summary.path("rows").asInt()).isEqualTo(3);
        assertThat(summary.path("dimension").asInt()).isEqualTo(384);
        assertThat(summary.path("encoder").asString()).isEqualTo("bge-small-en-v1.5");
        assertThat(summary.path("fingerprint").asString()).endsWith("-cls");
        ByteBuffer rows = ByteBuffer.wrap(Files.readAllBytes(output)).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(rows.remaining()).isEqualTo(3 * 384 * 4);
        JsonNode first = lines(embed("a cat")).getFirst().path("embedding");
        for (int i = 0; i < 384; i++) {
            assertThat(rows.getFloat(4 * i)).isEqualTo(first.path(i).floatValue());
        }
        try (var files = Files.list(folder)) {
            assertThat(files).as("no half-written file is left").hasSize(2);
        }
    }

    @Test
    void writesWhatNumpyLoadsFromCompressedLines() throws IOException {
        Path input = folder.resolve("texts.txt.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(input))) {
            out.write("a cat\ntax law\n".getBytes(StandardCharsets.UTF_8));
        }
        Path output = folder.resolve("rows.npy");
        JsonNode summary = lines(embed("--input", input.toString(), "--output", output.toString(), "--resume"))
                .getFirst();
        assertThat(summary.path("rows").asInt()).isEqualTo(2);
        assertThat(summary.path("resumed_at").asInt()).isZero();
        assertThat(summary.path("threads").asInt()).isEqualTo(1);
        assertThat(summary.path("seconds").asDouble()).isPositive();
        assertThat(summary.path("texts_per_second").asDouble()).isPositive();
        assertThat(summary.has("cache_hits")).isFalse();
        assertThat(output).hasSize(128 + 2 * 384 * 4);
        assertThat(Files.readString(output, StandardCharsets.ISO_8859_1)).contains("'shape': (2, 384)");
    }

    @Test
    void remembersWithTheCache() {
        String text = "never embedded before: " + UUID.randomUUID();
        Path first = folder.resolve("first.f32");
        Path second = folder.resolve("second.f32");
        assertThat(lines(embed("--cache", "--output", first.toString(), text))
                        .getFirst()
                        .path("cache_hits")
                        .asInt())
                .isZero();
        assertThat(lines(embed("--cache", "--output", second.toString(), text, text))
                        .getFirst()
                        .path("cache_hits")
                        .asInt())
                .isEqualTo(2);
        assertThat(first).hasSize(384 * 4);
        assertThat(second).hasSize(2 * 384 * 4);
    }

    @Test
    void misuseAndBadInputAreOneLineEach() throws IOException {
        assertFails(embed(), 2, "give either texts, or a file of lines");
        assertFails(embed("--input", "x", "text"), 2, "give either texts, or a file of lines");
        assertFails(embed("--with-cuda", "text"), 2, "--cpu", "--with-cuda");
        assertFails(embed("--encoder", "no-such", "text"), 4, "no encoder \"no-such\"");
        assertFails(embed("--input", folder.resolve("none").toString()), 3, "no file");
        Path latin = Files.write(folder.resolve("latin1.txt"), new byte[] {'a', (byte) 0xe4, '\n'});
        assertFails(embed("--input", latin.toString()), 3, "latin1.txt, line 1: not UTF-8");
        assertFails(embed("--input", folder.toString()), 3, "is a folder");
        assertFails(embed("--resume", "text"), 2, "--resume goes on with a file: give --input and --output");
        assertFails(embed("--resume", "--input", "x"), 2, "--resume goes on with a file");
        Path garbage = Files.write(folder.resolve("garbage.gguf"), new byte[1000]);
        assertFails(embed("--encoder", garbage.toString(), "text"), 4, "garbage.gguf", "not a GGUF model");
        assertFails(embed("--output", folder.resolve("none").resolve("rows").toString(), "text"), 8, "embedding to");
        assertFails(embed("--output", folder.toString(), "text"), 2, "is no file that could be replaced");
        assertFails(Session.run("embed", "--threads", "0", "text"), 2, "--threads 0");
    }

    @Test
    void listsWhatTheLockFileNames() {
        JsonNode models = Session.run("models", "--json").json().path("models");
        assertThat(models)
                .extracting(model -> model.path("name").asString())
                .contains("bge-small-en-v1.5", "qwen2.5-coder-1.5b-instruct");
        assertThat(models)
                .allMatch(model ->
                        model.path("licence").isString() && model.path("path").isString());
        assertThat(Session.run("models", "list", "--json").json().path("models"))
                .isEqualTo(models);
        Session table = Session.run("models");
        assertThat(table.code()).isZero();
        assertThat(table.out()).contains("NAME", "bge-small-en-v1.5", "78 MB", "Apache-2.0");
    }

    @Test
    void fetchesByNameAndConvertsEncoders() {
        Session session = Session.run("models", "fetch", "--offline", "bge-small-en-v1.5", "--json");
        assertThat(session.code()).isZero();
        assertThat(session.json().path("path").asString()).endsWith(".gguf");
        assertFails(Session.run("models", "fetch", "nonsense"), 2, "nothing is called \"nonsense\"", "models list");
        assertFails(Session.run("models", "fetch", "hf:nonsense"), 4, "hf:owner/repository/file");
    }

    @Test
    void convertsAndSaysWhyNot() throws IOException {
        Path output = folder.resolve("small.gguf");
        Session session = Session.run(
                "models",
                "convert",
                "bge-small-en-v1.5",
                "--offline",
                "--output",
                output.toString(),
                "--type",
                "f16",
                "--json");
        assertThat(session.err()).isEmpty();
        assertThat(session.json().path("pooling").asString()).isEqualTo("cls");
        assertThat(output).exists();
        assertThat(lines(embed("--encoder", output.toString(), "a cat"))).hasSize(1);

        Path model = Files.write(folder.resolve("other.onnx"), new byte[] {1, 2, 3});
        Path target = folder.resolve("other.gguf");
        assertFails(convert(model, target), 3, "no tokenizer.json beside it");
        Files.writeString(folder.resolve("tokenizer.json"), "{}");
        assertFails(convert(model, target), 2, "--pooling is to be cls or mean");
        assertFails(convert(model, target, "--pooling", "mean"), 4, "no ONNX model");
        assertFails(convert(model, folder.resolve("a").resolve("b"), "--pooling", "cls"), 8, "no folder");
        assertThat(target).doesNotExist();
    }

    private static Session convert(Path model, Path target, String... more) {
        List<String> all = new ArrayList<>(List.of("models", "convert", model.toString(), "--output"));
        all.add(target.toString());
        all.addAll(List.of(more));
        return Session.run(all.toArray(String[]::new));
    }

    private static void assertFails(Session session, int code, String... words) {
        assertThat(session.err().strip())
                .startsWith("umem: ")
                .doesNotContain("\n")
                .contains(words);
        assertThat(session.out()).isEmpty();
        assertThat(session.code()).isEqualTo(code);
    }

    private static double dot(JsonNode a, JsonNode b) {
        double sum = 0;
        for (int i = 0; i < a.path("embedding").size(); i++) {
            sum += a.path("embedding").path(i).asDouble()
                    * b.path("embedding").path(i).asDouble();
        }
        return sum;
    }
}
