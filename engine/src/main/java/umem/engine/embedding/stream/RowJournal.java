package umem.engine.embedding.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// What is needed to go on with a file of rows, as JSON in a small file beside it that is always whole.
///
/// @param version of this format
/// @param fingerprint of the encoder
/// @param dimension of its rows
/// @param consumed what the rows written so far were made from; there are as many rows as lines
public record RowJournal(int version, String fingerprint, int dimension, TextLines.Position consumed) {
    static final int VERSION = 1;

    private static final ObjectReader STORED = JsonMapper.shared()
            .readerFor(RowJournal.class)
            .with(
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /// Reads a journal.
    ///
    /// @throws UmemException of kind STORAGE if it is none, or of another version
    static RowJournal read(Path file) throws IOException {
        RowJournal journal;
        try {
            journal = STORED.readValue(Files.readAllBytes(file));
        } catch (JacksonException e) {
            throw new UmemException(ErrorKind.STORAGE, file + " is damaged; start anew, without --resume", e);
        }
        if (journal.version() != VERSION) {
            throw new UmemException(
                    ErrorKind.STORAGE,
                    file + " is of version " + journal.version() + ", this program's is " + VERSION
                            + "; start anew, without --resume");
        }
        return journal;
    }

    /// Puts this in the place of what the file held.
    void write(Path file) throws IOException {
        Path staged = file.resolveSibling(file.getFileName() + ".new");
        ByteBuffer bytes = ByteBuffer.wrap(JsonMapper.shared().writeValueAsBytes(this));
        try (FileChannel channel = FileChannel.open(
                staged, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(staged, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
