package umem.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.testing.HashedWords;
import umem.error.ErrorKind;
import umem.error.UmemException;

class BankExchangeTest {
    private final HashedWords encoder = new HashedWords();

    @TempDir
    Path folder;

    /// Two lines as Python's `json.dumps(memory, ensure_ascii=False)` of the published code writes them.
    @Test
    void readsThePublishedForm() throws IOException {
        Path file = write("""
                {"id": "0b8f2c1e-5d53-4f6c-9a67-0a3f6d1c9e42", "key": "What is the pH of a buffer …?", "value": ["Compare pKa first.", "Then the ratio."], "usage_count": 12, "reward_score": 0.6666666666666666}

                {"id": "5a1f77c0-3b52-4e3d-8c2e-7f1f4f2d6b11", "key": "Which court decides?", "value": ["Ask who \\"made\\" the law."], "usage_count": 0, "reward_score": 1}
                """);
        try (MemoryBank bank = MemoryBank.inMemory(encoder)) {
            List<MemoryEntry> imported = BankExchange.importInto(bank, file);
            assertThat(bank.entries()).isEqualTo(imported).hasSize(2);
            MemoryEntry first = imported.getFirst();
            assertThat(first.id()).isEqualTo("0b8f2c1e-5d53-4f6c-9a67-0a3f6d1c9e42");
            assertThat(first.version()).isEqualTo(1);
            assertThat(first.key()).isEqualTo("What is the pH of a buffer …?");
            assertThat(first.values()).containsExactly("Compare pKa first.", "Then the ratio.");
            assertThat(first.usageCount()).isEqualTo(12);
            assertThat(first.reward()).isEqualTo(0.6666666666666666);
            assertThat(first.provenance())
                    .isEqualTo(Provenance.imported(first.provenance().createdAt()));
            assertThat(bank.retrieve(encoder.encode("Which court"), Retrieval.nearest(1))
                            .getFirst()
                            .entry())
                    .isEqualTo(imported.getLast());
        }
    }

    @Test
    void whatWasExportedComesBack() throws IOException {
        Path file = folder.resolve("out.jsonl");
        try (MemoryBank bank = MemoryBank.inMemory(encoder);
                MemoryBank copy = MemoryBank.inMemory(encoder)) {
            bank.apply(
                    Actions.add("line\nbreak \u2028 \"quoted\" \ud83d\ude00"),
                    List.of(),
                    "key\tone",
                    0.1,
                    Actions.from("t"));
            bank.apply(new MemoryAction.Add(List.of("a", "b")), List.of(), "Schlüssel zwei", -0.25, Actions.from("t"));
            bank.recordUse(bank.retrieve(encoder.encode("key"), Retrieval.nearest(1)));
            BankExchange.export(bank.entries(), file);
            assertThat(Files.readAllLines(file)).hasSize(2);
            BankExchange.importInto(copy, file);
            assertThat(copy.entries())
                    .usingRecursiveComparison()
                    .ignoringFields("provenance")
                    .isEqualTo(bank.entries());
            BankExchange.importInto(copy, file);
            assertThat(copy.entries()).extracting(MemoryEntry::id).containsExactly("m1", "m2", "m3", "m4");

            BankExchange.export(List.of(), file);
            assertThat(file).isEmptyFile();
            assertThat(BankExchange.importInto(copy, file)).isEmpty();
        }
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void aMalformedLineImportsNothingAndIsNamed() throws IOException {
        String good = "{\"id\": \"a\", \"key\": \"k\", \"value\": [\"v\"]}";
        String[][] cases = {
            {"{\"key\": \"k\", \"value\": [\"v\"]", "not valid JSON: "},
            {good + good, "not valid JSON: "},
            {"[1]", "not a JSON object"},
            {"null", "not a JSON object"},
            {"{\"value\": [\"v\"]}", "\"key\" is missing"},
            {"{\"key\": \" \", \"value\": [\"v\"]}", "\"key\" is missing, blank"},
            {"{\"key\": 3, \"value\": [\"v\"]}", "\"key\" is"},
            {"{\"key\": \"k\"}", "\"value\" is missing"},
            {"{\"key\": \"k\", \"value\": \"v\"}", "\"value\" is missing, empty or not a list"},
            {"{\"key\": \"k\", \"value\": []}", "\"value\" is missing, empty"},
            {"{\"key\": \"k\", \"value\": [\"v\", \"\"]}", "\"value\" number 2 is blank"},
            {"{\"key\": \"k\", \"value\": [null]}", "\"value\" number 1 is blank or not a text"},
            {"{\"id\": 7, \"key\": \"k\", \"value\": [\"v\"]}", "\"id\" is not a text"},
            {"{\"key\": \"k\", \"value\": [\"v\"], \"usage_count\": -1}", "\"usage_count\" is not"},
            {"{\"key\": \"k\", \"value\": [\"v\"], \"usage_count\": 1.5}", "\"usage_count\" is not"},
            {"{\"key\": \"k\", \"value\": [\"v\"], \"usage_count\": null}", "\"usage_count\" is not"},
            {"{\"key\": \"k\", \"value\": [\"v\"], \"reward_score\": \"1\"}", "\"reward_score\" is not"},
            {"{\"key\": \"k\", \"value\": [\"v\"], \"reward_score\": 1e999}", "\"reward_score\" is not"},
            {"{\"key\": \"k\", \"value\": [\"v\"], \"reward_score\": NaN}", "not valid JSON: "},
            {"{\"key\": \"k\", \"key\": \"l\", \"value\": [\"v\"]}", "not valid JSON: "},
        };
        try (MemoryBank bank = MemoryBank.inMemory(encoder)) {
            for (String[] malformed : cases) {
                Path file = write(good + "\n\n" + malformed[0] + "\n" + good + "\n");
                assertInput(bank, file, file + ":3: " + malformed[1]);
            }
            Path latin1 = folder.resolve("latin1.jsonl");
            Files.write(latin1, new byte[] {'{', '"', 'k', 'e', 'y', '"', ':', '"', (byte) 0xe9, '"', '}', '\n'});
            assertInput(bank, latin1, latin1 + ":1: not valid JSON: ");
            assertInput(bank, folder.resolve("none"), "does not exist");
            assertInput(bank, folder, "is a folder");
            assertThat(bank.sequence()).isZero();
        }
    }

    @Test
    void aFileThatCannotBeWrittenIsAStorageError() throws IOException {
        MemoryEntry entry = new MemoryEntry("a", 1, "key", List.of("v".repeat(20_000)), 0, 0, Actions.from("t"));
        for (Path file : List.of(folder.resolve("no/such/folder.jsonl"), folder, Path.of("/dev/full"))) {
            assertThatThrownBy(() -> BankExchange.export(List.of(entry), file))
                    .isInstanceOfSatisfying(
                            UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.STORAGE))
                    .hasMessageContaining("memory file " + file);
        }
    }

    private Path write(String text) throws IOException {
        return Files.writeString(folder.resolve("memory.jsonl"), text);
    }

    private static void assertInput(MemoryBank bank, Path file, String message) {
        assertThatThrownBy(() -> BankExchange.importInto(bank, file))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INPUT))
                .hasMessageContaining(message)
                .extracting(Throwable::getMessage)
                .asString()
                .doesNotContain("\n");
    }
}
