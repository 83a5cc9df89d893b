package umem.engine.neighborhood;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import umem.engine.task.Task;
import umem.engine.task.TaskKind;

/// Tasks with made-up embeddings, and their neighbourhoods by the definition alone: every pair, in float64.
record Corpus(List<Task> tasks, float[][] rows) {

    /// What the definition gives.
    record Reference(Map<String, List<Neighbor>> byTask, long nearDuplicates) {}

    static Task task(String id, String question, String... choices) {
        return choices.length == 0
                ? new Task(id, TaskKind.MATHS, question, List.of(), null, List.of("1"), null, Map.of())
                : new Task(
                        id, TaskKind.MULTIPLE_CHOICE, question, List.of(choices), null, List.of("0"), null, Map.of());
    }

    /// Unit rows around some centres; a share of the tasks repeats the text and the row of another.
    static Corpus clustered(Random random, int count, int dimension, double repeats) {
        // From copies that differ in the last bits to strangers.
        return clustered(random, count, dimension, repeats, 1e-8);
    }

    /// @param nearest the least distance from a centre, about; the largest is about 10
    static Corpus clustered(Random random, int count, int dimension, double repeats, double nearest) {
        float[][] centres = new float[1 + random.nextInt(8)][];
        for (int i = 0; i < centres.length; i++) {
            centres[i] = gaussian(random, dimension);
        }
        List<Task> tasks = new ArrayList<>();
        float[][] rows = new float[count][];
        for (int row = 0; row < count; row++) {
            if (row > 0 && random.nextDouble() < repeats) {
                int source = random.nextInt(row);
                String question = tasks.get(source).question();
                tasks.add(
                        task("t" + row, random.nextBoolean() ? question : question.toUpperCase(java.util.Locale.ROOT)));
                rows[row] = rows[source].clone();
            } else {
                float[] centre = centres[random.nextInt(centres.length)];
                float[] noise = gaussian(random, dimension);
                double spread = nearest * Math.pow(10 / nearest, random.nextDouble());
                rows[row] = new float[dimension];
                for (int j = 0; j < dimension; j++) {
                    rows[row][j] = (float) (centre[j] + spread * noise[j]);
                }
                normalize(rows[row]);
                tasks.add(task("t" + row, "question " + row));
            }
        }
        return new Corpus(tasks, rows);
    }

    /// All rows but the first have the same cosine with the first, up to rounding of float32.
    static Corpus ring(Random random, int count, int dimension) {
        List<Task> tasks = new ArrayList<>();
        float[][] rows = new float[count][];
        for (int row = 0; row < count; row++) {
            rows[row] = gaussian(random, dimension);
            rows[row][0] = 0;
            normalize(rows[row]);
            double angle = row == 0 ? 0 : 1 + 1e-7 * random.nextDouble();
            for (int j = 1; j < dimension; j++) {
                rows[row][j] *= (float) Math.sin(angle);
            }
            rows[row][0] = (float) Math.cos(angle);
            tasks.add(task("t" + row, "question " + row));
        }
        return new Corpus(tasks, rows);
    }

    TaskVectors vectors(Path folder) throws IOException {
        Path file = folder.resolve("rows.f32");
        Files.write(file, bytes(rows));
        return TaskVectors.read(file, tasks.size());
    }

    static byte[] bytes(float[][] rows) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * rows.length * rows[0].length).order(ByteOrder.nativeOrder());
        for (float[] row : rows) {
            for (float value : row) {
                bytes.putFloat(value);
            }
        }
        return bytes.array();
    }

    /// The definition, without index, float32 or threads.
    Reference reference(int n, double least, double most) {
        Map<String, Integer> representatives = new LinkedHashMap<>();
        int[] groups = new int[tasks.size()];
        for (int row = 0; row < groups.length; row++) {
            Task task = tasks.get(row);
            String key = TaskTexts.normalized(task.question())
                    + task.choices().stream()
                            .map(TaskTexts::normalized)
                            .sorted()
                            .toList();
            groups[row] = representatives.computeIfAbsent(key, k -> representativeOf(task));
        }
        Map<String, List<Neighbor>> byTask = new LinkedHashMap<>();
        long nearDuplicates = 0;
        for (int row = 0; row < groups.length; row++) {
            List<double[]> candidates = new ArrayList<>();
            for (int other : representatives.values()) {
                double cosine = dot(rows[row], rows[other]);
                if (other == groups[row]) {
                    continue;
                }
                if (most < 1 && cosine > most) {
                    nearDuplicates++;
                } else if (least == -1 || cosine >= least) {
                    candidates.add(new double[] {cosine, other});
                }
            }
            candidates.sort(
                    Comparator.<double[]>comparingDouble(pair -> -pair[0]).thenComparingDouble(pair -> pair[1]));
            byTask.put(
                    tasks.get(row).id(),
                    candidates.stream()
                            .limit(n)
                            .map(pair -> new Neighbor(tasks.get((int) pair[1]).id(), (float) pair[0]))
                            .toList());
        }
        return new Reference(byTask, nearDuplicates);
    }

    private int representativeOf(Task task) {
        return tasks.indexOf(task);
    }

    static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    static float[] gaussian(Random random, int dimension) {
        float[] row = new float[dimension];
        for (int i = 0; i < dimension; i++) {
            row[i] = (float) random.nextGaussian();
        }
        normalize(row);
        return row;
    }

    static void normalize(float[] row) {
        double length = Math.sqrt(dot(row, row));
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) (row[i] / length);
        }
    }
}
