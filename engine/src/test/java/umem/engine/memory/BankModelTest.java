package umem.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.search.SearchKernels;
import umem.engine.testing.HashedWords;
import umem.engine.testing.Seed;

/// The bank against a plain model: a list of entries for every event that ever was.
class BankModelTest {
    private static final List<String> WORDS =
            List.of("parcel", "heavy", "room", "code", "claim", "weekday", "rail", "second", "signature", "north");

    private final HashedWords encoder = new HashedWords(48);
    private final List<List<MemoryEntry>> states = new ArrayList<>();
    private final List<MemoryEntry> versions = new ArrayList<>();

    @TempDir
    Path temporary;

    @Test
    void behavesAsAListOfEntriesWould() throws Exception {
        Seed.run(random -> {
            for (int round = 0; round < 5; round++) {
                states.clear();
                versions.clear();
                states.add(List.of());
                run(temporary.resolve("bank" + round), random);
            }
        });
    }

    private void run(Path folder, Random random) {
        MemoryBank bank = MemoryBank.open(folder, encoder);
        try {
            for (int step = 0; step < 120; step++) {
                switch (random.nextInt(12)) {
                    case 0 -> {
                        bank.close();
                        assertThat(BankLog.read(folder).entries()).isEqualTo(now());
                        bank = MemoryBank.open(folder, encoder);
                    }
                    case 1 -> rollBack(bank, random);
                    case 2 -> importSome(bank, random);
                    case 3, 4 -> use(bank, random);
                    default -> act(bank, random);
                }
                assertThat(bank.sequence()).isEqualTo(states.size() - 1);
                assertThat(bank.entries()).isEqualTo(now());
                assertRetrieves(bank, now(), random);
            }
            for (MemoryEntry version : versions) {
                assertThat(bank.history(version.id()).stream().map(e -> e.withUsageCount(0)))
                        .containsExactlyElementsOf(versions.stream()
                                .filter(other -> other.id().equals(version.id()))
                                .map(e -> e.withUsageCount(0))
                                .toList());
            }
        } finally {
            bank.close();
        }
        BankLog log = BankLog.read(folder);
        assertThat(log.problems()).isEmpty();
        for (int sequence = 0; sequence < states.size(); sequence++) {
            assertThat(BankState.at(log.events(), sequence).entries()).isEqualTo(states.get(sequence));
        }
    }

    private List<MemoryEntry> now() {
        return states.getLast();
    }

    private void act(MemoryBank bank, Random random) {
        List<RetrievedMemory> shown = bank.retrieve(encoder.encode(text(random)), Retrieval.nearest(3));
        MemoryAction action = shown.isEmpty() || random.nextBoolean()
                ? Actions.add(text(random))
                : Actions.update(random.nextInt(shown.size()), text(random));
        String key = text(random);
        Provenance provenance = Actions.from("t" + random.nextInt(5));
        List<MemoryEntry> next = new ArrayList<>(now());
        switch (action) {
            case MemoryAction.Add add ->
                next.add(new MemoryEntry(freeId(next), 1, key, add.values(), 0, 0, provenance));
            case MemoryAction.Update update -> {
                MemoryEntry old = shown.get(update.index()).entry();
                next.set(
                        now().indexOf(old),
                        new MemoryEntry(
                                old.id(), old.version() + 1, key, update.values(), old.usageCount(), 0, provenance));
            }
        }
        Memories candidate = bank.candidate(action, shown, key, provenance);
        assertThat(candidate.entries()).isEqualTo(next);
        assertThat(candidate.size()).isEqualTo(next.size());
        List<float[]> queries = List.of(encoder.encode(key), encoder.encode(text(random)));
        Retrieval retrieval = retrieval(random);
        List<List<RetrievedMemory>> foreseen = queries.stream()
                .map(query -> candidate.retrieve(query, retrieval))
                .toList();
        assertRetrieves(candidate, next, random);

        MemoryEntry entry = bank.apply(action, shown, key, 0, provenance);
        versions.add(entry);
        assertThat(next).contains(entry);
        states.add(next);
        assertThat(queries.stream()
                        .map(query -> bank.retrieve(query, retrieval))
                        .toList())
                .isEqualTo(foreseen);
    }

    private void use(MemoryBank bank, Random random) {
        List<RetrievedMemory> used = bank.retrieve(encoder.encode(text(random)), Retrieval.nearest(2));
        bank.recordUse(used);
        if (!used.isEmpty()) {
            states.add(now().stream()
                    .map(entry ->
                            used.stream().anyMatch(memory -> memory.entry().equals(entry))
                                    ? entry.withUsageCount(entry.usageCount() + 1)
                                    : entry)
                    .toList());
        }
    }

    private void importSome(MemoryBank bank, Random random) {
        List<MemoryEntry> entries = new ArrayList<>();
        List<MemoryEntry> next = new ArrayList<>(now());
        for (int i = 0; i < 3; i++) {
            entries.add(new MemoryEntry(
                    "uuid-" + random.nextLong(), 1, text(random), List.of(text(random)), i, 0.5, Actions.from("")));
        }
        next.addAll(entries);
        versions.addAll(entries);
        assertThat(bank.importEntries(entries)).isEqualTo(entries);
        states.add(next);
    }

    private void rollBack(MemoryBank bank, Random random) {
        int sequence = random.nextInt(states.size());
        bank.rollback(sequence);
        if (sequence < states.size() - 1) {
            states.add(states.get(sequence));
        }
    }

    private void assertRetrieves(Memories memories, List<MemoryEntry> entries, Random random) {
        float[] query = encoder.encode(text(random));
        Retrieval retrieval = retrieval(random);
        List<RetrievedMemory> expected = entries.stream()
                .filter(entry -> !entry.provenance().taskId().equals(retrieval.excludedTaskId()))
                .map(entry -> new RetrievedMemory(entry, SearchKernels.dot(query, encoder.encode(entry.key()))))
                .filter(memory -> retrieval.minScore() <= -1 || memory.score() >= retrieval.minScore())
                .sorted(Comparator.comparing(RetrievedMemory::score).reversed())
                .limit(retrieval.topK())
                .map(memory -> new RetrievedMemory(memory.entry(), Math.min(memory.score(), 1)))
                .toList();
        assertThat(memories.retrieve(query, retrieval)).isEqualTo(expected);
    }

    private static Retrieval retrieval(Random random) {
        return new Retrieval(
                random.nextInt(5),
                random.nextBoolean() ? -1 : random.nextFloat(),
                random.nextBoolean() ? null : "t" + random.nextInt(5));
    }

    private static String freeId(List<MemoryEntry> entries) {
        int number = entries.size() + 1;
        String id = "m" + number;
        while (entries.stream().map(MemoryEntry::id).toList().contains(id)) {
            number++;
            id = "m" + number;
        }
        return id;
    }

    private static String text(Random random) {
        List<String> words = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(4); i++) {
            words.add(WORDS.get(random.nextInt(WORDS.size())));
        }
        return String.join(" ", words);
    }

    @AfterEach
    void nothingIsLeftLocked() {
        for (int round = 0; round < 5; round++) {
            MemoryBank.openWithoutEncoder(temporary.resolve("bank" + round)).close();
        }
    }
}
