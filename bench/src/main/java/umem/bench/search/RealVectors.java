package umem.bench.search;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import umem.bench.peer.Vectors;
import umem.cli.terminal.Json;
import umem.engine.embedding.Encoder;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Checksum;
import umem.provision.FileWriter;

/// Embeddings of real texts by the default encoder, made once and kept in the cache.
final class RealVectors {
    /// Fields of a JSON line that hold a text.
    private static final List<String> FIELDS = List.of("question", "text", "s1", "s2");

    private static final int LEAST = 100;
    private static final int GROUP = 64;

    private RealVectors() {}

    /// The texts of a file, each once: its lines, or, where it ends in `.jsonl`, the fields `question`, `text`, `s1`
    /// and
    /// `s2` of the objects in its lines.
    ///
    /// @throws UmemException of kind INPUT if there is no such file, or fewer than 100 texts in it
    static List<String> texts(Path file) {
        Set<String> texts = new LinkedHashSet<>();
        try {
            List<String> lines = Files.readAllLines(file);
            for (int i = 0; i < lines.size(); i++) {
                if (file.toString().endsWith(".jsonl")) {
                    texts.addAll(fields(file, i + 1, lines.get(i)));
                } else {
                    texts.add(lines.get(i).strip());
                }
            }
        } catch (NoSuchFileException e) {
            throw new UmemException(ErrorKind.INPUT, "no file " + file + " to take texts from", e);
        } catch (CharacterCodingException e) {
            throw new UmemException(ErrorKind.INPUT, file + " is not UTF-8; convert it first", e);
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, file + " cannot be read: " + e, e);
        }
        texts.remove("");
        if (texts.size() < LEAST) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    file + " holds " + texts.size() + " different texts, at least " + LEAST + " are needed");
        }
        return List.copyOf(texts);
    }

    private static List<String> fields(Path file, int number, String line) {
        if (line.isBlank()) {
            return List.of();
        }
        try {
            JsonNode object = Json.mapper().readTree(line);
            List<String> texts = new ArrayList<>();
            for (String field : FIELDS) {
                if (object.path(field).isString()) {
                    texts.add(object.path(field).asString().strip());
                }
            }
            return texts;
        } catch (JacksonException e) {
            throw new UmemException(
                    ErrorKind.INPUT, file + ", line " + number + ": not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /// Embeds texts, or finds that it was done before.
    ///
    /// @param kept finds a file by its name, or has it written
    /// @param progress hears how many are done
    /// @param arena owns the vectors
    static Vectors of(
            Path file,
            List<String> texts,
            Encoder encoder,
            BiFunction<String, FileWriter, Path> kept,
            Consumer<String> progress,
            Arena arena) {
        String key = Checksum.of(file).substring(0, 16) + "-"
                + encoder.fingerprint().replaceAll("[^A-Za-z0-9._+-]", "_") + ".f32";
        Path embeddings = kept.apply(key, target -> write(texts, encoder, progress, target));
        long bytes = 4L * encoder.dimension() * texts.size();
        MemorySegment values = arena.allocate(bytes, 64);
        try (FileChannel channel = FileChannel.open(embeddings);
                Arena mapping = Arena.ofConfined()) {
            if (channel.size() != bytes) {
                throw new UmemException(
                        ErrorKind.STORAGE,
                        embeddings + " has another size than the embeddings of " + file + "; delete it");
            }
            values.copyFrom(channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes, mapping));
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, embeddings + " cannot be read: " + e, e);
        }
        return new Vectors(texts.size(), encoder.dimension(), values);
    }

    private static void write(List<String> texts, Encoder encoder, Consumer<String> progress, Path target)
            throws IOException {
        try (FileChannel channel = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                Arena arena = Arena.ofConfined()) {
            MemorySegment rows = arena.allocate(4L * encoder.dimension() * GROUP);
            for (int from = 0; from < texts.size(); from += GROUP) {
                progress.accept("embedding text " + from + " of " + texts.size());
                List<String> group = texts.subList(from, Math.min(texts.size(), from + GROUP));
                encoder.encode(group, rows);
                var buffer =
                        rows.asSlice(0, 4L * encoder.dimension() * group.size()).asByteBuffer();
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            }
        }
    }
}
