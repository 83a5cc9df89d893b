package umem.cli.stream;

import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import umem.engine.Engine;
import umem.engine.embedding.Encoder;
import umem.engine.executor.ExecutionCache;
import umem.engine.language.LanguageModel;
import umem.engine.recording.Recording;

/// The models of a run: opened by name, recorded, or replaced by a recording. Closing it ends the recording; the models
/// are the engine's.
///
/// @param encoder embeds queries and keys
/// @param executor solves the tasks
/// @param optimizer writes the lessons
/// @param executionCache what is known of the executor already. With a recording it begins empty, since what it knew
///     would be missing there
record Models(
        Encoder encoder,
        LanguageModel executor,
        LanguageModel optimizer,
        ExecutionCache executionCache,
        @Nullable Recording recording)
        implements AutoCloseable {

    /// @throws umem.error.UmemException if a model cannot be had, or a recording cannot be used
    static Models open(Engine engine, StreamSettings settings) {
        Path record = settings.record;
        Path replay = settings.replay;
        if (record == null && replay == null) {
            return new Models(
                    encoder(engine, settings),
                    engine.languageModel(settings.executorReference()),
                    engine.languageModel(settings.optimizerReference()),
                    settings.noCache ? ExecutionCache.inMemory() : engine.executionCache(),
                    null);
        }
        Recording recording = replay != null ? Recording.from(replay) : Recording.to(Objects.requireNonNull(record));
        try {
            return new Models(
                    recording.encoder(() -> encoder(engine, settings)),
                    recording.languageModel("executor", () -> engine.languageModel(settings.executorReference())),
                    recording.languageModel("optimizer", () -> engine.languageModel(settings.optimizerReference())),
                    ExecutionCache.inMemory(),
                    recording);
        } catch (Throwable t) {
            recording.close();
            throw t;
        }
    }

    private static Encoder encoder(Engine engine, StreamSettings settings) {
        return settings.noCache ? engine.uncachedEncoder(settings.encoder) : engine.encoder(settings.encoder);
    }

    @Override
    public void close() {
        if (recording != null) {
            recording.close();
        }
    }
}
