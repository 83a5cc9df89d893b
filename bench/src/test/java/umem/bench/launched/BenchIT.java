package umem.bench.launched;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The benchmark of search as users start it, small; with whatever peers are built.
class BenchIT {
    @TempDir
    Path folder;

    @Test
    void searchIsMeasuredAndChecked() {
        Launched.Result result = Launched.run(
                folder,
                "bench",
                "search",
                "--rows",
                "2000",
                "--dim",
                "32",
                "--rounds",
                "5",
                "--json",
                "--cases",
                "single-f32,single-int8,batch-8,update");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out().strip().lines()).hasSize(5).allSatisfy(line -> {
            JsonNode json = JsonMapper.shared().readTree(line);
            assertThat(json.path("checked").asBoolean()).isTrue();
        });
        JsonNode first =
                JsonMapper.shared().readTree(result.out().lines().findFirst().orElseThrow());
        assertThat(first.path("limit_ratio").asDouble()).isPositive();
        assertThat(first.path("peers").has("faiss-debian")
                        || first.path("peers").has("faiss-avx2"))
                .isTrue();
    }
}
