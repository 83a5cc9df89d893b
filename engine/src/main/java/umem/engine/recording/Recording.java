package umem.engine.recording;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import umem.engine.embedding.Encoder;
import umem.engine.language.LanguageModel;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A folder that holds everything that models said in a run, so that the run can be repeated without any model: for
/// debugging, for tests, and to see what another rule would have made of the same words.
///
/// There is a file a role, such as `executor.jsonl`: JSON lines, the first with the model's name and fingerprint, each
/// other with the hash of a request and its answer. A line that a kill cut off is dropped.
///
/// Safe for all threads. Closing it closes the files and not the models.
public final class Recording implements AutoCloseable {
    private final Path folder;
    private final boolean replay;
    private final List<AutoCloseable> open = new ArrayList<>();

    private Recording(Path folder, boolean replay) {
        this.folder = folder;
        this.replay = replay;
    }

    /// A recording to write, or to go on with.
    ///
    /// @param folder created when needed
    public static Recording to(Path folder) {
        return new Recording(folder, false);
    }

    /// A recording to repeat a run from.
    ///
    /// @throws UmemException of kind INPUT if there is no such folder
    public static Recording from(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new UmemException(
                    ErrorKind.INPUT, "there is no recording in " + folder + "; make one with --record " + folder);
        }
        return new Recording(folder, true);
    }

    /// Whether it is repeated rather than made.
    public boolean isReplay() {
        return replay;
    }

    /// A model that records what the given one says, or repeats what was recorded.
    ///
    /// @param role names the file, such as `executor`
    /// @param model opens the model; not called for a replay, and the recording does not close it
    /// @throws UmemException of kind INPUT if a replay has no such role, or the recording is of another model; STORAGE
    ///     if the file cannot be read or written
    public synchronized LanguageModel languageModel(String role, Supplier<LanguageModel> model) {
        RecordedLanguageModel recorded = replay
                ? RecordedLanguageModel.replay(folder.resolve(role + ".jsonl"))
                : RecordedLanguageModel.record(folder.resolve(role + ".jsonl"), model.get());
        open.add(recorded);
        return recorded;
    }

    /// An encoder that records, or repeats; as [#languageModel].
    public synchronized Encoder encoder(Supplier<? extends Encoder> encoder) {
        RecordedEncoder recorded = replay
                ? RecordedEncoder.replay(folder.resolve("encoder.jsonl"))
                : RecordedEncoder.record(folder.resolve("encoder.jsonl"), encoder.get());
        open.add(recorded);
        return recorded;
    }

    /// Closes the files. Idempotent.
    ///
    /// @throws UmemException of kind STORAGE if what was recorded cannot be written
    @Override
    public synchronized void close() {
        try {
            for (AutoCloseable file : open) {
                file.close();
            }
        } catch (UmemException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            open.clear();
        }
    }
}
