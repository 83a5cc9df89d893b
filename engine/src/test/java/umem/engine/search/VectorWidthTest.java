package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class VectorWidthTest {

    @Test
    @Tag("vector")
    void saysWhichFormRuns() {
        String wanted = System.getProperty(VectorWidth.PROPERTY, "auto");
        int most = VectorWidth.supported();
        int expected = switch (wanted) {
            case "auto" -> most;
            case "scalar" -> 0;
            default -> Integer.parseInt(wanted) <= most ? Integer.parseInt(wanted) : 0;
        };
        assertThat(SearchKernels.current().vectorBits()).isEqualTo(expected);
    }

    @Test
    void runsScalarWhereVectorsAreMissingOrWouldBeSlowOrAreNotWanted() throws Exception {
        assertThat(runWith()).contains("bits 0", "score 14.0", "--add-modules jdk.incubator.vector");
        String module = "--add-modules=jdk.incubator.vector";
        assertThat(runWith(module, "-Dumem.search.kernels=scalar")).contains("bits 0", "score 14.0");
        assertThat(runWith(module, "-XX:TieredStopAtLevel=1")).contains("bits 0", "score 14.0", "C2");
        assertThat(runWith(module, "-Xint")).contains("bits 0", "score 14.0", "C2");
    }

    private static String runWith(String... flags) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(List.of(flags));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ScalarProgram.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return output;
    }

    /// Searches in a JVM of its own.
    static final class ScalarProgram {
        private ScalarProgram() {}

        public static void main(String[] args) {
            try (FlatIndex index = new FlatIndex(3)) {
                index.add(1, new float[] {1, 2, 3});
                System.out.println("bits " + SearchKernels.current().vectorBits() + ", score "
                        + index.search(new float[] {1, 2, 3}, 1, -1).getFirst().score());
            }
        }
    }
}
