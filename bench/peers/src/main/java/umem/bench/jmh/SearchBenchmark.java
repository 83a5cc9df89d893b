package umem.bench.jmh;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import umem.engine.search.FlatIndex;
import umem.engine.search.Quantisation;
import umem.engine.search.QuantisedIndex;
import umem.engine.search.TopHits;
import umem.engine.search.VectorIndex;

/// Searches of rows that lie in the caches: the kernels, the heap and the cost of a call, without the memory's.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@SuppressWarnings("NullAway.Init") // JMH sets the fields
public class SearchBenchmark {
    private static final int BATCH = 8;

    /// What an index reads of a row first.
    public enum Rows {
        F32(FlatIndex::new),
        INT8(dimension -> new QuantisedIndex(dimension, Quantisation.INT8)),
        BF16(dimension -> new QuantisedIndex(dimension, Quantisation.BF16));

        private final IntFunction<VectorIndex> make;

        Rows(IntFunction<VectorIndex> make) {
            this.make = make;
        }
    }

    /// Rows in the index; 1 is the cost of a call.
    @Param({"1", "300", "1000"})
    public int rows;

    /// Values a row.
    @Param("384")
    public int dimension;

    /// What is read first.
    @Param
    public Rows read;

    private Arena arena;
    private VectorIndex index;
    private MemorySegment query;
    private MemorySegment queries;
    private TopHits best;
    private TopHits[] bestOfBatch;

    /// For JMH.
    public SearchBenchmark() {}

    /// Fills the index.
    @Setup(Level.Trial)
    public void fill() {
        Random random = new Random(5);
        arena = Arena.ofShared();
        index = read.make.apply(dimension);
        for (int row = 0; row < rows; row++) {
            index.add(row, vector(random));
        }
        queries = arena.allocate(4L * dimension * BATCH, 64);
        for (int i = 0; i < BATCH; i++) {
            MemorySegment.copy(vector(random), 0, queries, ValueLayout.JAVA_FLOAT, 4L * dimension * i, dimension);
        }
        query = queries.asSlice(0, 4L * dimension);
        best = new TopHits(10);
        bestOfBatch = new TopHits[BATCH];
        for (int i = 0; i < BATCH; i++) {
            bestOfBatch[i] = new TopHits(10);
        }
    }

    private float[] vector(Random random) {
        float[] values = new float[dimension];
        double squares = 0;
        for (int i = 0; i < dimension; i++) {
            values[i] = (float) random.nextGaussian();
            squares += values[i] * values[i];
        }
        for (int i = 0; i < dimension; i++) {
            values[i] /= (float) Math.sqrt(squares);
        }
        return values;
    }

    /// One query.
    @Benchmark
    public float one() {
        index.search(query, best);
        return best.score(0);
    }

    /// Eight queries at once.
    @Benchmark
    public float batch() {
        index.search(queries, bestOfBatch);
        return bestOfBatch[0].score(0);
    }

    /// Frees the index.
    @TearDown(Level.Trial)
    public void free() {
        index.close();
        arena.close();
    }
}
