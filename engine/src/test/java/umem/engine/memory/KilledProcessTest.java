package umem.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.testing.HashedWords;
import umem.engine.testing.Seed;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Kills a process that commits, at moments of chance. What it was told is committed must be there, and the bank it
/// held must be free.
class KilledProcessTest {
    private final HashedWords encoder = new HashedWords();

    @TempDir
    Path folder;

    @Test
    void everyAcknowledgedCommitOutlivesTheProcess() throws Exception {
        Seed.run(random -> {
            List<Long> acknowledged = new ArrayList<>();
            for (int kill = 0; kill < 10; kill++) {
                acknowledged.addAll(runAndKill(random));
                BankLog log = BankLog.read(folder);
                assertThat(log.damagedLine()).isZero();
                try (MemoryBank bank = MemoryBank.open(folder, encoder)) {
                    assertThat(bank.sequence()).isGreaterThanOrEqualTo(acknowledged.getLast());
                    assertThat(bank.entries()).isEqualTo(log.entries());
                }
                for (long sequence : acknowledged) {
                    assertThat(made(log.events().get((int) sequence - 1))).startsWith("made by event " + sequence);
                }
            }
            assertThat(BankLog.read(folder).problems()).isEmpty();
        });
    }

    private static String made(BankEvent event) {
        return switch (event) {
            case BankEvent.Added added -> added.entry().values().getFirst();
            case BankEvent.Updated updated -> updated.entry().values().getFirst();
            default -> "no commit";
        };
    }

    /// Returns the numbers of the commits that the process saw acknowledged.
    private List<Long> runAndKill(Random random) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Dumem.search.kernels=scalar",
                        "-cp",
                        System.getProperty("java.class.path"),
                        CommittingProcess.class.getName(),
                        folder.toString(),
                        Long.toString(random.nextLong()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<Long> acknowledged = new ArrayList<>();
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(reader.readLine()).startsWith("open ");
            assertThatThrownBy(() -> MemoryBank.open(folder, encoder))
                    .isInstanceOfSatisfying(
                            UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.BUSY))
                    .hasMessageContaining("bank " + folder + " is in use by process " + process.pid());
            int wanted = 1 + random.nextInt(30);
            for (int i = 0; i < wanted; i++) {
                acknowledged.add(Long.parseLong(String.valueOf(reader.readLine())));
            }
            TimeUnit.MICROSECONDS.sleep(random.nextInt(10_000));
            // By its handle: Process.destroyForcibly() would close what it printed, too.
            process.toHandle().destroyForcibly();
            process.waitFor();
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                acknowledged.add(Long.parseLong(line));
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        return acknowledged;
    }
}
