package umem.bindings.blas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class BlasTest {

    @Test
    void isThereOrSaysWhyNot() {
        assertThat(Blas.installed().isPresent()).isEqualTo(Blas.absence().isEmpty());
        Blas.installed()
                .ifPresentOrElse(
                        blas -> assertThat(blas.configuration()).startsWith("OpenBLAS"),
                        () -> assertThat(Blas.absence()).startsWith("OpenBLAS"));
    }

    @Test
    void multipliesLikeThreeLoopsFromManyThreads() throws Exception {
        Blas blas = installed();
        try (ExecutorService callers = Executors.newFixedThreadPool(8)) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                Random random = new Random(i);
                running.add(callers.submit(() -> multiply(
                        blas, random, 1 + random.nextInt(70), 1 + random.nextInt(70), 1 + random.nextInt(200))));
            }
            for (Future<?> product : running) {
                product.get();
            }
        }
    }

    private static void multiply(Blas blas, Random random, int m, int n, int k) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = matrix(arena, random, m * k);
            MemorySegment b = matrix(arena, random, n * k);
            MemorySegment c = matrix(arena, random, m * n);
            blas.multiplyTransposed(a, m, b, n, k, c);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = 0;
                    for (int l = 0; l < k; l++) {
                        sum += (double) a.getAtIndex(ValueLayout.JAVA_FLOAT, (long) i * k + l)
                                * b.getAtIndex(ValueLayout.JAVA_FLOAT, (long) j * k + l);
                    }
                    assertThat((double) c.getAtIndex(ValueLayout.JAVA_FLOAT, (long) i * n + j))
                            .isCloseTo(sum, within(1e-4));
                }
            }
        }
    }

    private static MemorySegment matrix(Arena arena, Random random, int values) {
        MemorySegment matrix = arena.allocate(ValueLayout.JAVA_FLOAT, values);
        for (int i = 0; i < values; i++) {
            matrix.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return matrix;
    }

    @Test
    void refusesWhatWouldReadOrWriteBeyondASegment() {
        Blas blas = installed();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment six = arena.allocate(24, 4);
            MemorySegment five = six.asSlice(0, 20);
            blas.multiplyTransposed(six, 2, six, 2, 3, arena.allocate(16, 4));
            assertThatIllegalArgumentException().isThrownBy(() -> blas.multiplyTransposed(five, 2, six, 2, 3, six));
            assertThatIllegalArgumentException().isThrownBy(() -> blas.multiplyTransposed(six, 2, five, 2, 3, six));
            assertThatIllegalArgumentException().isThrownBy(() -> blas.multiplyTransposed(six, 3, six, 2, 2, five));
            assertThatIllegalArgumentException().isThrownBy(() -> blas.multiplyTransposed(six, 0, six, 2, 3, six));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> blas.multiplyTransposed(MemorySegment.ofArray(new float[6]), 2, six, 2, 3, six));
        }
    }

    private static Blas installed() {
        assumeTrue(Blas.installed().isPresent(), Blas::absence);
        return Blas.installed().orElseThrow();
    }
}
