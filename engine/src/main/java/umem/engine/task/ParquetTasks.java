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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Reads the Parquet schema of the published training code: `data_source`, `reward_model` {`ground_truth`},
/// `extra_info` {`question`, `choices`, and the neighbours, which are read only where they are asked for}. A row
/// without
/// choices is a maths problem.
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
        return read(file, patience, false).stream().map(PublishedRow::task).toList();
    }

    /// With the neighbours.
    static List<PublishedRow> readPublished(Path file) {
        return read(file, PATIENCE, true);
    }

    private static List<PublishedRow> read(Path file, Duration patience, boolean withSimilar) {
        AtomicInteger progress = new AtomicInteger();
        FutureTask<List<PublishedRow>> reading = new FutureTask<>(() -> rows(file, progress, withSimilar));
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

    private static List<PublishedRow> rows(Path file, AtomicInteger progress, boolean withSimilar) throws IOException {
        List<PublishedRow> tasks = new ArrayList<>();
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
                    tasks.add(row(rows, at, tasks.size(), withSimilar));
                    progress.incrementAndGet();
                }
            }
        }
        return tasks;
    }

    private static PublishedRow row(RowReader row, String at, int number, boolean withSimilar) {
        PqStruct extra = required(row.isNull("extra_info") ? null : row.getStruct("extra_info"), at, "extra_info");
        PqStruct reward =
                required(row.isNull("reward_model") ? null : row.getStruct("reward_model"), at, "reward_model");
        Set<String> fields = new HashSet<>();
        for (int i = 0; i < extra.getFieldCount(); i++) {
            fields.add(extra.getFieldName(i));
        }
        try {
            PublishedRow.Columns columns = new PublishedRow.Columns(
                    fields.contains("id") ? extra.getString("id") : null,
                    row.isNull("data_source") ? null : row.getString("data_source"),
                    extra.getString("question"),
                    extra.isNull("choices") ? List.of() : texts(extra.getList("choices")),
                    reward.getString("ground_truth"),
                    withSimilar && fields.contains("similar_ids") ? texts(list(extra, "similar_ids")) : List.of(),
                    withSimilar ? texts(list(extra, "similar_queries")) : List.of(),
                    withSimilar ? lists(list(extra, "similar_choices")) : List.of(),
                    withSimilar ? texts(list(extra, "similar_gt")) : List.of());
            return columns.row(number);
        } catch (IllegalArgumentException e) {
            throw new UmemException(ErrorKind.INPUT, at + ": " + e.getMessage(), e);
        }
    }

    private static @Nullable PqList list(PqStruct struct, String field) {
        return struct.isNull(field) ? null : struct.getList(field);
    }

    private static List<String> texts(@Nullable PqList list) {
        if (list == null) {
            return List.of();
        }
        List<String> texts = new ArrayList<>(list.size());
        for (String text : list.strings()) {
            if (text == null) {
                throw new IllegalArgumentException("a list of texts holds a null");
            }
            texts.add(text);
        }
        return texts;
    }

    private static List<List<String>> lists(@Nullable PqList list) {
        List<List<String>> lists = new ArrayList<>();
        for (int i = 0; list != null && i < list.size(); i++) {
            lists.add(list.isNull(i) ? List.of() : texts((PqList) list.get(i)));
        }
        return lists;
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
