package umem.bench.jmh;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import umem.engine.search.SearchKernels;

/// What a call into native code costs, and what a score costs without an index.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class CallBenchmark {
    private static final MethodHandle ABS = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("abs"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private static final MethodHandle STRLEN = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("strlen"),
                    FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));

    private final float[] a = vector(1);
    private final float[] b = vector(2);
    private final MemorySegment empty = java.lang.foreign.Arena.global().allocateFrom("");
    private int number = -3;

    /// For JMH.
    public CallBenchmark() {}

    private static float[] vector(long seed) {
        Random random = new Random(seed);
        float[] values = new float[384];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return values;
    }

    /// A downcall that does next to nothing, with a number.
    @Benchmark
    public int downcall() throws Throwable {
        return (int) ABS.invokeExact(number);
    }

    /// A downcall that does next to nothing, with an address.
    @Benchmark
    public long downcallWithAddress() throws Throwable {
        return (long) STRLEN.invokeExact(empty);
    }

    /// The score of two vectors of 384 values on the heap, in the order of the kernels.
    @Benchmark
    public float dot() {
        return SearchKernels.dot(a, b);
    }
}
