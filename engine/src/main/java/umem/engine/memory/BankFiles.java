package umem.engine.memory;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The files of a bank's folder.
///
/// | name | what it holds |
/// | --- | --- |
/// | `events.jsonl` | the bank: all events, see [EventJson] |
/// | `bank.lock` | locked by the process that has the bank open, whose number it holds; means nothing when not locked |
/// | `vectors-HASH.bin` | embedded keys by encoder, see [VectorCache]; may be deleted at any time |
/// | `events.damaged-N.jsonl` | a damaged log as it was before [BankRepair] cut it |
final class BankFiles {
    static final String EVENTS = "events.jsonl";
    static final String LOCK = "bank.lock";

    private BankFiles() {}

    /// The log of an existing bank.
    ///
    /// @throws UmemException of kind INPUT if there is none
    static Path existingLog(Path folder) {
        Path log = folder.resolve(EVENTS);
        if (!Files.isRegularFile(log)) {
            String reason = !Files.exists(folder)
                    ? "does not exist"
                    : !Files.isDirectory(folder) ? "is not a folder" : "is not a bank: it has no " + EVENTS;
            throw new UmemException(ErrorKind.INPUT, "bank " + folder + " " + reason + "; check the path");
        }
        return log;
    }

    /// Makes the names in a folder durable.
    static void syncFolder(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    static UmemException failed(Path folder, String what, IOException cause) {
        String reason = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return new UmemException(
                ErrorKind.STORAGE,
                "bank " + folder + ": " + what + ": " + reason + "; check space and permissions",
                cause);
    }
}
