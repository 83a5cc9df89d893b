package umem.engine.task;

import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqStruct;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Reads the Parquet schema of the published training code: `data_source`, `reward_model` {`ground_truth`},
/// `extra_info` {`question`, `choices`, and the neighbours, which this engine computes itself}. A row without choices
/// is a maths problem.
///
/// Pages may be uncompressed or gzip. The decoder of snappy that hardwood would load is native code that is given
/// whatever a damaged file holds, so it is left out. The file is read as a whole, not mapped: a mapped file that
/// shrinks while native code reads it ends the process.
final class ParquetTasks {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private ParquetTasks() {}

    static List<Task> read(Path file) {
        return read(file, PATIENCE);
    }

    /// @param patience how long to wait for the next row: hardwood 1.0 looks for ever for pages that damage has hidden
    static List<Task> read(Path file, Duration patience) {
        AtomicInteger progress = new AtomicInteger();
        FutureTask<List<Task>> reading = new FutureTask<>(() -> rows(file, progress));
        Thread.ofPlatform().daemon().name("umem-parquet").start(reading);
        int before = 0;
        while (true) {
            try {
                return reading.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                if (progress.get() == before) {
                    reading.cancel(true);
                    throw unreadable(file, "it is damaged, row " + before + " can't be found", e);
                }
                before = progress.get();
            } catch (ExecutionException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                if (cause instanceof UmemException failure) {
                    throw failure;
                }
                String reason = root(cause);
                if (reason.contains("-compressed Parquet file")) {
                    throw new UmemException(
                            ErrorKind.INPUT,
                            "tasks file " + file + " is compressed in a way that can't be read here; write it anew with"
                                    + " compression=\"gzip\" (pandas, pyarrow, datasets)",
                            cause);
                }
                throw unreadable(file, reason, cause);
            } catch (InterruptedException e) {
                reading.cancel(true);
                Thread.currentThread().interrupt();
                throw new UmemException(ErrorKind.INTERRUPTED, "interrupted while reading " + file, e);
            }
        }
    }

    private static UmemException unreadable(Path file, String reason, Throwable cause) {
        return new UmemException(
                ErrorKind.INPUT,
                "tasks file " + file
                        + " is not a Parquet file with the published columns (data_source, reward_model, extra_info): "
                        + reason,
                cause);
    }

    private static List<Task> rows(Path file, AtomicInteger progress) throws IOException {
        List<Task> tasks = new ArrayList<>();
        try (ParquetFileReader reader =
                ParquetFileReader.open(InputFile.of(ByteBuffer.wrap(Files.readAllBytes(file))))) {
            if (reader.getFileMetaData().numRows() == 0) {
                // The row reader of hardwood 1.0 fails on an empty row group.
                return tasks;
            }
            try (RowReader rows = reader.rowReader()) {
                while (rows.hasNext()) {
                    rows.next();
                    String at = file + " row " + tasks.size() + " (counting from 0)";
                    tasks.add(row(rows, at, tasks.size()));
                    progress.incrementAndGet();
                }
            }
        }
        return tasks;
    }

    private static Task row(RowReader row, String at, int number) {
        PqStruct extra = required(row.isNull("extra_info") ? null : row.getStruct("extra_info"), at, "extra_info");
        PqStruct reward =
                required(row.isNull("reward_model") ? null : row.getStruct("reward_model"), at, "reward_model");
        String question = required(extra.getString("question"), at, "extra_info.question");
        String truth = required(reward.getString("ground_truth"), at, "reward_model.ground_truth");
        PqList listed = extra.isNull("choices") ? null : extra.getList("choices");
        List<String> choices = listed == null ? List.of() : List.copyOf(listed.strings());
        String source = row.isNull("data_source") ? "parquet" : row.getString("data_source");
        try {
            return new Task(
                    source + "-" + number,
                    choices.isEmpty() ? TaskKind.MATHS : TaskKind.MULTIPLE_CHOICE,
                    question,
                    choices,
                    null,
                    List.of(choices.isEmpty() ? truth : TaskJson.choiceIndex(truth, choices.size())),
                    null,
                    Map.of("data_source", source));
        } catch (IllegalArgumentException e) {
            throw new UmemException(ErrorKind.INPUT, at + ": " + e.getMessage(), e);
        }
    }

    /// What lies beneath says more than what was attempted, such as the codec that is missing. Causes can form a
    /// circle.
    private static String root(Throwable failure) {
        Throwable root = failure;
        for (int depth = 0; depth < 16 && root.getCause() != null; depth++) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return (message == null ? root.toString() : message).lines().findFirst().orElse("");
    }

    private static <T> T required(@Nullable T value, String at, String field) {
        if (value == null) {
            throw new UmemException(ErrorKind.INPUT, at + ": " + field + " is missing");
        }
        return value;
    }
}
