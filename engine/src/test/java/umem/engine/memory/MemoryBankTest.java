package umem.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.testing.HashedWords;

class MemoryBankTest {
    private final HashedWords encoder = new HashedWords();

    @TempDir
    Path folder;

    @Test
    void keepsWhatWasCommitted() {
        MemoryEntry added;
        MemoryEntry updated;
        try (MemoryBank bank = MemoryBank.open(folder, encoder)) {
            assertThat(bank.sequence()).isZero();
            added = bank.apply(add("weigh it first"), List.of(), "which parcel goes by rail", 0.5, from("t1"));
            List<RetrievedMemory> shown = bank.retrieve(encoder.encode("which parcel"), Retrieval.nearest(3));
            assertThat(shown).extracting(RetrievedMemory::entry).containsExactly(added);
            bank.recordUse(shown);
            updated = bank.apply(
                    new MemoryAction.Update(0, List.of("above 30 kg it goes by rail")),
                    shown,
                    "how does a heavy parcel leave",
                    1,
                    from("t2"));
        }
        assertThat(added)
                .isEqualTo(new MemoryEntry(
                        "m1", 1, "which parcel goes by rail", List.of("weigh it first"), 0, 0.5, from("t1")));
        assertThat(updated)
                .isEqualTo(new MemoryEntry(
                        "m1",
                        2,
                        "how does a heavy parcel leave",
                        List.of("above 30 kg it goes by rail"),
                        1,
                        1,
                        from("t2")));
        try (MemoryBank bank = MemoryBank.open(folder, encoder)) {
            assertThat(bank.sequence()).isEqualTo(3);
            assertThat(bank.entries()).containsExactly(updated);
            assertThat(bank.history("m1")).containsExactly(added, updated);
            assertThat(bank.retrieve(encoder.encode("heavy parcel"), Retrieval.nearest(1))
                            .getFirst()
                            .entry())
                    .isEqualTo(updated);
        }
    }

    static MemoryAction add(String value) {
        return new MemoryAction.Add(List.of(value));
    }

    static Provenance from(String task) {
        return new Provenance(task, "ab", "executor", "optimizer", 3, Instant.parse("2026-11-24T10:00:00.123456789Z"));
    }
}
