package umem.engine.task;

import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqStruct;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Reads the Parquet schema of the published training code: `data_source`, `reward_model` {`ground_truth`},
/// `extra_info` {`question`,
/// `choices`, and the neighbours, which this engine computes itself}. A row without choices is a maths problem.
final class ParquetTasks {
    private ParquetTasks() {}

    static List<Task> read(Path file) {
        List<Task> tasks = new ArrayList<>();
        try (ParquetFileReader reader = ParquetFileReader.open(InputFile.of(file));
                RowReader rows = reader.rowReader()) {
            while (rows.hasNext()) {
                rows.next();
                tasks.add(row(rows, file + " row " + tasks.size(), tasks.size()));
            }
        } catch (UmemException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    "tasks file " + file
                            + " is not a Parquet file with the published columns (data_source, reward_model, extra_info): "
                            + e.getMessage(),
                    e);
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

    private static <T> T required(@org.jspecify.annotations.Nullable T value, String at, String field) {
        if (value == null) {
            throw new UmemException(ErrorKind.INPUT, at + ": " + field + " is missing");
        }
        return value;
    }
}
