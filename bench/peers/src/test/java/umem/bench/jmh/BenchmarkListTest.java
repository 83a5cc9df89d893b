package umem.bench.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// Without its annotation processor JMH is compiled without a word and has nothing to run.
class BenchmarkListTest {
    @Test
    void theListHoldsTheBenchmarks() throws IOException {
        try (InputStream list = BenchmarkListTest.class.getResourceAsStream("/META-INF/BenchmarkList")) {
            assertThat(list).isNotNull();
            assertThat(new String(list.readAllBytes(), StandardCharsets.UTF_8))
                    .contains("SearchBenchmark", "CallBenchmark", "downcall", "batch");
        }
    }

    @Test
    void theBenchmarksRun() throws Throwable {
        assertThat(new CallBenchmark().downcall()).isEqualTo(3);
        SearchBenchmark search = new SearchBenchmark();
        search.rows = 50;
        search.dimension = 20;
        for (SearchBenchmark.Rows read : SearchBenchmark.Rows.values()) {
            search.read = read;
            search.fill();
            float one = search.one();
            assertThat(search.batch()).isEqualTo(one).isBetween(0.1f, 1f);
            search.free();
        }
    }
}
