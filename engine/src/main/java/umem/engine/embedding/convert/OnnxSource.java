package umem.engine.embedding.convert;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// An ONNX model and its tokenizer: two entries of a jar, or two files of a folder.
///
/// Looked for when made, read when converted; the same object may be used any number of times.
public final class OnnxSource {
    private static final int MAX_TOKENIZER_BYTES = 1 << 27;

    private final @Nullable Path archive;
    private final String model;
    private final String tokenizer;

    private OnnxSource(@Nullable Path archive, String model, String tokenizer) {
        this.archive = archive;
        this.model = model;
        this.tokenizer = tokenizer;
    }

    /// Finds the two parts.
    ///
    /// @param path a jar or zip file that holds one `.onnx` and one `tokenizer.json` (or `NAME-tokenizer.json`); a
    ///     folder with them, the model perhaps in its subfolder `onnx`; or an `.onnx` file with the tokenizer beside it
    /// @throws UmemException of kind INPUT if a part is missing or there are several; MODEL if the jar is damaged
    public static OnnxSource find(Path path) {
        try {
            if (Files.isDirectory(path)) {
                return inFolder(path);
            }
            if (!Files.exists(path)) {
                throw refused(path, "does not exist");
            }
            return path.getFileName().toString().endsWith(".onnx") ? besideModel(path) : inArchive(path);
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, path + " cannot be read: " + e, e);
        }
    }

    private static OnnxSource inArchive(Path path) throws IOException {
        try (ZipFile zip = new ZipFile(path.toFile(), StandardCharsets.UTF_8)) {
            List<String> names = zip.stream().map(ZipEntry::getName).toList();
            return new OnnxSource(path, single(path, ".onnx", names), single(path, "tokenizer.json", names));
        } catch (ZipException e) {
            throw new UmemException(
                    ErrorKind.MODEL,
                    path + " is neither an .onnx file, nor a folder, nor a jar that can be read (" + e.getMessage()
                            + "); check the path, or fetch it again",
                    e);
        }
    }

    private static OnnxSource inFolder(Path folder) throws IOException {
        List<String> models = files(folder, ".onnx");
        if (models.isEmpty() && Files.isDirectory(folder.resolve("onnx"))) {
            models = files(folder.resolve("onnx"), ".onnx");
        }
        return new OnnxSource(
                null,
                single(folder, ".onnx", models),
                single(folder, "tokenizer.json", files(folder, "tokenizer.json")));
    }

    private static OnnxSource besideModel(Path model) {
        Path own = model.resolveSibling(stem(model.getFileName().toString()) + "-tokenizer.json");
        Path beside = model.resolveSibling("tokenizer.json");
        // A published folder keeps its model in a subfolder `onnx`.
        Path above = model.resolveSibling("..").resolve("tokenizer.json");
        for (Path tokenizer : List.of(own, beside, above)) {
            if (Files.exists(tokenizer)) {
                return new OnnxSource(null, model.toString(), tokenizer.toString());
            }
        }
        throw refused(model, "has no tokenizer.json beside it");
    }

    private static List<String> files(Path folder, String end) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(Path::toString)
                    .filter(name -> name.endsWith(end))
                    .sorted()
                    .toList();
        }
    }

    private static String single(Path where, String end, List<String> names) {
        List<String> found = names.stream().filter(name -> name.endsWith(end)).toList();
        return switch (found.size()) {
            case 1 -> found.getFirst();
            case 0 -> throw refused(where, "holds no file whose name ends in " + end);
            default ->
                throw refused(
                        where,
                        "holds several files whose name ends in " + end + ": " + found
                                + "; name one .onnx file instead");
        };
    }

    private static UmemException refused(Path path, String what) {
        return new UmemException(ErrorKind.INPUT, "cannot convert " + path + ": it " + what);
    }

    /// The model's name: its file's, without `.onnx`; where that is just `model`, the name of the folder.
    public String name() {
        Path path = Path.of(model);
        String stem = stem(path.getFileName().toString());
        if (archive != null || !stem.equals("model")) {
            return stem;
        }
        for (Path folder = path.toAbsolutePath().getParent(); folder != null; folder = folder.getParent()) {
            Path name = folder.getFileName();
            if (name != null && !folder.endsWith("onnx")) {
                return name.toString();
            }
        }
        return stem;
    }

    private static String stem(String file) {
        return file.substring(0, file.length() - ".onnx".length());
    }

    String tokenizer() {
        return archive == null ? tokenizer : tokenizer + " in " + archive;
    }

    /// The model as messages call it.
    @Override
    public String toString() {
        return archive == null ? model : model + " in " + archive;
    }

    /// The bytes of both parts, until closed.
    ///
    /// @param target a path beside which the unpacked model may lie meanwhile: it is too large for the heap
    Content open(Path target) throws IOException {
        if (archive == null) {
            return map(Path.of(model), read(Path.of(tokenizer)), null);
        }
        Path unpacked = target.resolveSibling(target.getFileName() + ".onnx.part");
        try (ZipFile zip = new ZipFile(archive.toFile(), StandardCharsets.UTF_8)) {
            try (InputStream in = entry(zip, model)) {
                Files.copy(in, unpacked, StandardCopyOption.REPLACE_EXISTING);
            }
            try (InputStream in = entry(zip, tokenizer)) {
                return map(unpacked, limited(in), unpacked);
            }
        } catch (ZipException e) {
            Files.deleteIfExists(unpacked);
            throw new UmemException(
                    ErrorKind.MODEL, archive + " is damaged: " + e.getMessage() + "; fetch it again", e);
        } catch (Throwable t) {
            Files.deleteIfExists(unpacked);
            throw t;
        }
    }

    private InputStream entry(ZipFile zip, String name) throws IOException {
        ZipEntry entry = zip.getEntry(name);
        if (entry == null) {
            throw new ZipException("its entry " + name + " has vanished");
        }
        return zip.getInputStream(entry);
    }

    private byte[] read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return limited(in);
        }
    }

    private byte[] limited(InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(MAX_TOKENIZER_BYTES + 1);
        if (bytes.length > MAX_TOKENIZER_BYTES) {
            throw new UmemException(ErrorKind.INPUT, tokenizer() + " is larger than any tokenizer");
        }
        return bytes;
    }

    private static Content map(Path file, byte[] tokenizer, @Nullable Path temporary) throws IOException {
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment memory = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new Content(memory, tokenizer, arena, temporary);
        } catch (Throwable t) {
            arena.close();
            throw t;
        }
    }

    /// The parts, in memory.
    record Content(
            MemorySegment model,
            byte[] tokenizer,
            Arena arena,
            @Nullable Path temporary) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            arena.close();
            if (temporary != null) {
                Files.deleteIfExists(temporary);
            }
        }
    }
}
