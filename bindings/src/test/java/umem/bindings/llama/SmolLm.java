package umem.bindings.llama;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

/// A small real model, and damaged copies of it: the header with one thing changed, then zeros that take no room on the
/// disk.
final class SmolLm {
    private SmolLm() {}

    static LlamaLibrary library() {
        return LlamaLibrary.load(Provision.standard(Progress.silent()).libraries(Accelerator.CPU));
    }

    static Path file() {
        return Provision.standard(Progress.silent()).model("smollm2-135m-instruct");
    }

    static Model load() {
        return Model.load(library(), file(), ModelOptions.cpu());
    }

    /// The header, with room for changes.
    static ByteBuffer header() throws IOException {
        try (InputStream in = Files.newInputStream(file())) {
            return ByteBuffer.wrap(in.readNBytes(8 << 20)).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    /// Where the value of a metadata entry begins, after its type.
    static int value(ByteBuffer header, String key) {
        return find(header, key) + key.length() + 4;
    }

    /// Where a text first appears.
    static int find(ByteBuffer header, String text) {
        String all = new String(header.array(), StandardCharsets.ISO_8859_1);
        int at = all.indexOf(text);
        if (at < 0) {
            throw new AssertionError("the header has no " + text);
        }
        return at;
    }

    static Path write(Path file, ByteBuffer header, long length) throws IOException {
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.write(header.array(), 0, (int) Math.min(length, header.capacity()));
            out.setLength(length);
        }
        return file;
    }
}
