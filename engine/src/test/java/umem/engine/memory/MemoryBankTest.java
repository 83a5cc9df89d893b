package umem.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.testing.HashedWords;
import umem.error.ErrorKind;
import umem.error.UmemException;

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
            added = bank.apply(
                    Actions.add("weigh it first"), List.of(), "which parcel goes by rail", 0.5, Actions.from("t1"));
            List<RetrievedMemory> shown = bank.retrieve(encoder.encode("which parcel"), Retrieval.nearest(3));
            assertThat(shown).extracting(RetrievedMemory::entry).containsExactly(added);
            bank.recordUse(shown);
            updated = bank.apply(
                    Actions.update(0, "above 30 kg it goes by rail"),
                    shown,
                    "how does a heavy parcel leave",
                    1,
                    Actions.from("t2"));
        }
        assertThat(added)
                .isEqualTo(new MemoryEntry(
                        "m1", 1, "which parcel goes by rail", List.of("weigh it first"), 0, 0.5, Actions.from("t1")));
        assertThat(updated)
                .isEqualTo(new MemoryEntry(
                        "m1",
                        2,
                        "how does a heavy parcel leave",
                        List.of("above 30 kg it goes by rail"),
                        1,
                        1,
                        Actions.from("t2")));
        try (MemoryBank bank = MemoryBank.open(folder, encoder)) {
            assertThat(bank.sequence()).isEqualTo(3);
            assertThat(bank.entries()).containsExactly(updated);
            assertThat(bank.find("m1")).contains(updated);
            assertThat(bank.history("m1")).containsExactly(added, updated);
            assertThat(bank.retrieve(encoder.encode("heavy parcel"), Retrieval.nearest(1))
                            .getFirst()
                            .entry())
                    .isEqualTo(updated);
        }
    }

    @Test
    void retrievesTheNearestInOrder() {
        try (MemoryBank bank = MemoryBank.inMemory(encoder)) {
            float[] query = encoder.encode("heavy parcel");
            assertThat(bank.retrieve(query, Retrieval.nearest(3))).isEmpty();
            for (String key :
                    List.of("a light letter", "heavy parcel by rail", "heavy parcel", "room code", "heavy parcel")) {
                bank.apply(Actions.add("lesson on " + key), List.of(), key, 0, Actions.from(key));
            }
            assertThat(ids(bank.retrieve(query, Retrieval.nearest(3)))).containsExactly("m3", "m5", "m2");
            assertThat(bank.retrieve(query, Retrieval.nearest(2)))
                    .extracting(RetrievedMemory::score)
                    .allMatch(s -> s > 0.999f && s <= 1);
            assertThat(ids(bank.retrieve(query, Retrieval.nearest(100)))).hasSize(5);
            assertThat(bank.retrieve(query, Retrieval.nearest(0))).isEmpty();
            assertThat(ids(bank.retrieve(query, new Retrieval(9, 0.5f, null)))).containsExactly("m3", "m5", "m2");
            assertThat(ids(bank.retrieve(query, new Retrieval(9, 0.99f, null)))).containsExactly("m3", "m5");
            assertThat(ids(bank.retrieve(query, Retrieval.nearest(9).excluding("heavy parcel"))))
                    .doesNotContain("m3", "m5")
                    .hasSize(3)
                    .startsWith("m2");
            assertThat(ids(bank.retrieve(opposite(query), Retrieval.nearest(9))))
                    .hasSize(5);
        }
    }

    /// What was learnt from a task is left out for that task, but only as long as it is the current version.
    @Test
    void leavesOutByTheCurrentVersion() {
        try (MemoryBank bank = MemoryBank.inMemory(encoder)) {
            bank.apply(Actions.add("one"), List.of(), "key", 0, Actions.from("t1"));
            float[] query = encoder.encode("key");
            List<RetrievedMemory> shown = bank.retrieve(query, Retrieval.nearest(1));
            assertThat(bank.retrieve(query, Retrieval.nearest(1).excluding("t1")))
                    .isEmpty();
            Memories candidate = bank.candidate(Actions.update(0, "two"), shown, "key", Actions.from("t2"));
            assertThat(candidate.retrieve(query, Retrieval.nearest(1).excluding("t2")))
                    .isEmpty();
            assertThat(candidate.retrieve(query, Retrieval.nearest(1).excluding("t1")))
                    .hasSize(1);
            bank.apply(Actions.update(0, "two"), shown, "key", 0, Actions.from("t2"));
            assertThat(bank.retrieve(query, Retrieval.nearest(1).excluding("t1")))
                    .hasSize(1);
            assertThat(bank.retrieve(query, Retrieval.nearest(1).excluding("t2")))
                    .isEmpty();
        }
    }

    @Test
    void refusesAnUpdateOfWhatWasNotShownOrHasChanged() {
        try (MemoryBank bank = MemoryBank.inMemory(encoder)) {
            bank.apply(Actions.add("one"), List.of(), "key one", 0, Actions.from("t1"));
            List<RetrievedMemory> shown = bank.retrieve(encoder.encode("key"), Retrieval.nearest(3));
            bank.recordUse(shown);
            MemoryEntry second = bank.apply(Actions.update(0, "two"), shown, "key two", 0, Actions.from("t2"));
            assertThat(second.usageCount()).isEqualTo(1);

            assertInput(
                    () -> bank.apply(Actions.update(0, "three"), shown, "key three", 0, Actions.from("t3")),
                    "version 1 of m1");
            assertInput(
                    () -> bank.candidate(Actions.update(0, "three"), shown, "key three", Actions.from("t3")),
                    "version 1 of m1");
            assertInput(
                    () -> bank.apply(Actions.update(1, "three"), shown, "key three", 0, Actions.from("t3")),
                    "not shown; there were 1");

            // The same number and version again, but not the same entry.
            bank.rollback(0);
            bank.apply(Actions.add("another"), List.of(), "key one", 0, Actions.from("t1"));
            assertInput(
                    () -> bank.apply(Actions.update(0, "three"), shown, "key three", 0, Actions.from("t3")),
                    "version 1 of m1");
            assertThat(bank.entries()).extracting(MemoryEntry::values).containsExactly(List.of("another"));
        }
    }

    @Test
    void refusesNonsense() {
        try (MemoryBank bank = MemoryBank.inMemory(encoder)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> bank.apply(Actions.add("v"), List.of(), " ", 0, Actions.from("t")));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> bank.apply(Actions.add("v"), List.of(), "k", Double.NaN, Actions.from("t")));
            assertThatIllegalArgumentException().isThrownBy(() -> bank.retrieve(new float[3], Retrieval.nearest(1)));
            assertInput(() -> bank.rollback(1), "choose one from 0 to 0");
            assertInput(() -> bank.rollback(-1), "choose one from 0 to 0");
            assertThat(bank.sequence()).isZero();
            assertThat(bank.find("m1")).isEmpty();
            assertThat(bank.history("m1")).isEmpty();
        }
    }

    @Test
    void aCandidateIsAViewThatEndsWithTheNextChange() {
        try (MemoryBank bank = MemoryBank.inMemory(encoder)) {
            bank.apply(Actions.add("one"), List.of(), "key one", 0, Actions.from("t1"));
            float[] query = encoder.encode("key two");
            List<RetrievedMemory> shown = bank.retrieve(query, Retrieval.nearest(1));
            Memories added = bank.candidate(Actions.add("two"), shown, "key two", Actions.from("t2"));
            Memories updated = bank.candidate(Actions.update(0, "two"), shown, "key two", Actions.from("t2"));
            bank.recordUse(shown);
            assertThat(added.size()).isEqualTo(2);
            assertThat(ids(added.retrieve(query, Retrieval.nearest(3)))).containsExactly("m2", "m1");
            assertThat(ids(added.retrieve(query, Retrieval.nearest(1)))).containsExactly("m2");
            assertThat(added.retrieve(query, Retrieval.nearest(3))
                            .getLast()
                            .entry()
                            .usageCount())
                    .isEqualTo(1);
            assertThat(updated.size()).isEqualTo(1);
            assertThat(updated.entries().getFirst().values()).containsExactly("two");
            assertThat(updated.entries().getFirst().usageCount()).isEqualTo(1);
            assertThat(bank.entries()).extracting(MemoryEntry::values).containsExactly(List.of("one"));

            bank.apply(Actions.add("three"), List.of(), "key three", 0, Actions.from("t3"));
            for (Memories stale : List.of(added, updated)) {
                assertThatIllegalStateException().isThrownBy(stale::size).withMessageContaining("has changed");
                assertThatIllegalStateException().isThrownBy(stale::entries);
                assertThatIllegalStateException().isThrownBy(() -> stale.retrieve(query, Retrieval.nearest(1)));
            }
        }
    }

    @Test
    void goesBackAndForth() {
        try (MemoryBank bank = MemoryBank.open(folder, encoder)) {
            MemoryEntry first = bank.apply(Actions.add("one"), List.of(), "key one", 0, Actions.from("t1"));
            bank.apply(Actions.add("two"), List.of(), "key two", 0, Actions.from("t2"));
            List<MemoryEntry> both = bank.entries();
            bank.rollback(1);
            assertThat(bank.entries()).containsExactly(first);
            assertThat(ids(bank.retrieve(encoder.encode("key two"), Retrieval.nearest(3))))
                    .containsExactly("m1");
            bank.rollback(2);
            assertThat(bank.entries()).isEqualTo(both);
            bank.rollback(3);
            assertThat(bank.entries()).containsExactly(first);
            MemoryEntry other = bank.apply(Actions.add("other"), List.of(), "key other", 0, Actions.from("t3"));
            assertThat(other.id()).isEqualTo("m2");
            assertThat(bank.history("m2"))
                    .extracting(MemoryEntry::values)
                    .containsExactly(List.of("two"), List.of("other"));
            bank.rollback(bank.sequence());
            assertThat(bank.sequence()).isEqualTo(6);
        }
        assertThat(BankLog.read(folder).entries()).extracting(MemoryEntry::id).containsExactly("m1", "m2");
    }

    @Test
    void takesOverEntriesAsTheyAre() {
        MemoryEntry imported = new MemoryEntry("a-uuid", 3, "key", List.of("one", "two"), 7, 1.25, Actions.from("t1"));
        try (MemoryBank bank = MemoryBank.inMemory(encoder)) {
            bank.apply(Actions.add("own"), List.of(), "own key", 0, Actions.from("t0"));
            List<MemoryEntry> taken =
                    bank.importEntries(List.of(imported, imported, imported.withId(""), imported.withId("m3")));
            assertThat(taken)
                    .containsExactly(imported, imported.withId("m2"), imported.withId("m4"), imported.withId("m3"));
            assertThat(bank.entries()).hasSize(5).endsWith(imported.withId("m3"));
            assertThat(bank.sequence()).isEqualTo(2);
            assertThat(bank.importEntries(List.of())).isEmpty();
            assertThat(bank.sequence()).isEqualTo(2);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> bank.importEntries(
                            List.of(imported, new MemoryEntry("x", 1, "", List.of("v"), 0, 0, Actions.from("t")))));
            assertThat(bank.size()).isEqualTo(5);
            assertThat(bank.apply(Actions.add("next"), List.of(), "next key", 0, Actions.from("t0"))
                            .id())
                    .isEqualTo("m6");
        }
    }

    @Test
    void keepsTextsThatNoFileCouldHold() {
        MemoryEntry entry;
        try (MemoryBank bank = MemoryBank.open(folder, encoder)) {
            entry = bank.apply(
                    Actions.add("half \ud83d of a pair, \u0000\n\r\u2028\"\\"),
                    List.of(),
                    "\udc00key",
                    0,
                    Actions.from("t\ud83d\ude00"));
        }
        assertThat(entry.values().getFirst()).startsWith("half ? of");
        assertThat(BankLog.read(folder).entries()).containsExactly(entry);
        assertThat(BankLog.read(folder).ok()).isTrue();
    }

    @Test
    void worksForUpkeepWithoutAnEncoder() {
        try (MemoryBank bank = MemoryBank.openWithoutEncoder(folder)) {
            bank.apply(Actions.add("one"), List.of(), "key", 0, Actions.from("t1"));
            bank.apply(Actions.add("two"), List.of(), "key", 0, Actions.from("t1"));
            bank.rollback(1);
            assertThat(bank.size()).isEqualTo(1);
            assertThatIllegalStateException()
                    .isThrownBy(() -> bank.retrieve(encoder.encode("key"), Retrieval.nearest(1)));
            assertThatIllegalStateException()
                    .isThrownBy(() -> bank.candidate(Actions.add("one"), List.of(), "key", Actions.from("t1")));
        }
        try (MemoryBank bank = MemoryBank.open(folder, encoder)) {
            assertThat(ids(bank.retrieve(encoder.encode("key"), Retrieval.nearest(3))))
                    .containsExactly("m1");
        }
    }

    @Test
    void isClosedForGood() throws Exception {
        MemoryBank bank = MemoryBank.open(folder, encoder);
        bank.apply(Actions.add("one"), List.of(), "key", 0, Actions.from("t1"));
        Memories candidate = bank.candidate(Actions.add("two"), List.of(), "key", Actions.from("t1"));
        assertThatThrownBy(() -> MemoryBank.open(folder, encoder))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.BUSY))
                .hasMessageContaining(folder.toString())
                .hasMessageContaining("pid " + ProcessHandle.current().pid());
        bank.close();
        bank.close();
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                bank::size, bank::entries, bank::sequence, bank::sync, candidate::size, () -> bank.rollback(0))) {
            assertThatIllegalStateException().isThrownBy(call).withMessageContaining("closed");
        }
        MemoryBank.open(folder, encoder).close();
        Path file = Files.createFile(folder.resolve("file"));
        assertInput(() -> MemoryBank.open(file, encoder), "is a file");
        assertInput(() -> BankLog.read(folder.resolve("none")), "does not exist");
    }

    private static float[] opposite(float[] vector) {
        float[] opposite = vector.clone();
        for (int i = 0; i < opposite.length; i++) {
            opposite[i] = -opposite[i];
        }
        return opposite;
    }

    private static List<String> ids(List<RetrievedMemory> memories) {
        return memories.stream().map(memory -> memory.entry().id()).toList();
    }

    private static void assertInput(ThrowingCallable call, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                .hasMessageContaining(message);
    }
}
