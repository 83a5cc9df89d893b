package umem.engine.memory;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import umem.engine.testing.HashedWords;

/// Commits to the bank of a folder until it is killed. It prints the number of every commit once it is acknowledged;
/// the value of an entry names the event that made it.
final class CommittingProcess {
    private CommittingProcess() {}

    public static void main(String[] args) {
        Random random = new Random(Long.parseLong(args[1]));
        HashedWords encoder = new HashedWords();
        PrintStream out = System.out;
        try (MemoryBank bank = MemoryBank.open(Path.of(args[0]), encoder)) {
            out.println("open " + bank.sequence());
            out.flush();
            while (true) {
                String key = "key " + random.nextInt(50);
                List<RetrievedMemory> shown = bank.retrieve(encoder.encode(key), Retrieval.nearest(3));
                bank.recordUse(shown);
                String value = "made by event " + (bank.sequence() + 1) + " x".repeat(random.nextInt(2000));
                MemoryAction action = shown.isEmpty() || random.nextBoolean()
                        ? Actions.add(value)
                        : Actions.update(random.nextInt(shown.size()), value);
                bank.apply(action, bank.retrieve(encoder.encode(key), Retrieval.nearest(3)), key, 0, Actions.from("t"));
                out.println(bank.sequence());
                out.flush();
            }
        }
    }
}
