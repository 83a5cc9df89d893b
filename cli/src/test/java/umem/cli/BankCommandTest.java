package umem.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import umem.engine.memory.MemoryBank;

class BankCommandTest {
    private static final String TWO = """
            {"id": "4f1c", "key": "Which parcel goes by rail?", "value": ["weigh it\\nfirst"], "usage_count": 3, "reward_score": 1.5}
            {"id": "m2", "key": "Wer unterschreibt für 900 €?", "value": ["two of three", "ask"], "usage_count": 0, "reward_score": 0.0}
            """;

    @TempDir
    Path temporary;

    private String bank = "";
    private String file = "";

    @BeforeEach
    void importsABank() throws IOException {
        bank = temporary.resolve("bank").toString();
        file = temporary.resolve("memory.jsonl").toString();
        Files.writeString(Path.of(file), TWO);
        JsonNode imported = ok("import", bank, file).json();
        assertThat(imported.path("imported").asInt()).isEqualTo(2);
        assertThat(imported.path("entries").asInt()).isEqualTo(2);
        assertThat(imported.path("sequence").asLong()).isEqualTo(1);
    }

    @Test
    void listsAndShowsEntries() {
        JsonNode entries = ok("list", bank).json().path("entries");
        assertThat(entries.size()).isEqualTo(2);
        assertThat(entries.get(0).path("id").asString()).isEqualTo("4f1c");
        assertThat(entries.get(0).path("usage_count").asInt()).isEqualTo(3);
        assertThat(entries.get(1).path("key").asString()).isEqualTo("Wer unterschreibt für 900 €?");
        assertThat(Session.run("bank", "list", bank).out().lines())
                .hasSize(2)
                .first()
                .isEqualTo("4f1c  version 1  used 3  reward 1.500  Which parcel goes by rail?");

        JsonNode shown = ok("show", bank, "m2").json();
        assertThat(shown.path("current").path("values").size()).isEqualTo(2);
        assertThat(shown.path("versions").size()).isEqualTo(1);
        assertThat(Session.run("bank", "show", bank, "4f1c").out()).contains("(current)", "\n  - weigh it first\n");
        assertFails(3, "never had an entry m7", "bank", "show", bank, "m7");
    }

    @Test
    void goesBackAndForthInTheHistory() {
        JsonNode back = ok("rollback", bank, "0").json();
        assertThat(back.path("entries").asInt()).isZero();
        assertThat(back.path("sequence").asLong()).isEqualTo(2);
        assertThat(back.path("set_aside").isNull()).isTrue();
        assertThat(ok("list", bank).json().path("entries").size()).isZero();
        assertThat(ok("show", bank, "m2").json().path("current").isNull()).isTrue();
        assertThat(Session.run("bank", "rollback", bank, "1").out()).contains("as of event 1", "2 entries");
        JsonNode events = ok("log", bank).json().path("events");
        assertThat(events.size()).isEqualTo(3);
        assertThat(events.get(0).path("event").asString()).isEqualTo("import");
        assertThat(events.get(2).path("to").asLong()).isEqualTo(1);
        assertThat(Session.run("bank", "log", bank).out()).contains("import 2 entries", "rollback to event 0");
        assertFails(3, "choose one from 0 to 3", "bank", "rollback", bank, "4");
        assertFails(2, "SEQ", "bank", "rollback", bank, "soon");
    }

    @Test
    void exportsWhatItImported() throws IOException {
        Path out = temporary.resolve("out.jsonl");
        assertThat(ok("export", bank, out.toString()).json().path("exported").asInt())
                .isEqualTo(2);
        String second = temporary.resolve("second").toString();
        ok("import", second, out.toString());
        assertThat(withoutTimes(ok("list", second).out()))
                .isEqualTo(withoutTimes(ok("list", bank).out()));
        assertFails(8, "cannot be written", "bank", "export", bank, bank + "/no/such/folder.jsonl");
    }

    private static String withoutTimes(String json) {
        return json.replaceAll("\"created\":\"[^\"]*\"|\"bank\":\"[^\"]*\"", "");
    }

    @Test
    void importsNothingOfAMalformedFile() throws IOException {
        Files.writeString(Path.of(file), TWO + "{\"key\": \"k\", \"value\": []}\n");
        assertFails(3, file + ":3: \"value\" is missing, empty or not a list", "bank", "import", bank, file);
        assertThat(ok("log", bank).json().path("events").size()).isEqualTo(1);
        Path fresh = temporary.resolve("fresh");
        assertFails(3, ":3: ", "bank", "import", fresh.toString(), file);
        assertThat(fresh).doesNotExist();
        assertFails(3, "does not exist", "bank", "import", bank, file + "l");
    }

    @Test
    void verifies() throws IOException {
        assertThat(ok("verify", bank).out()).isEqualTo("{\"ok\":true,\"events\":1,\"entries\":2,\"problems\":[]}\n");
        assertThat(Session.run("bank", "verify", bank).out()).isEqualTo("ok: 1 event, 2 entries\n");

        ok("rollback", bank, "0");
        flip(500);
        Session damaged = Session.run("bank", "verify", bank, "--json");
        assertThat(damaged.code()).isEqualTo(8);
        assertThat(damaged.json().path("ok").asBoolean()).isFalse();
        assertThat(damaged.json().path("events").asInt()).isEqualTo(1);
        assertThat(damaged.json().path("entries").asInt()).isZero();
        assertThat(damaged.json().path("problems").get(0).asString())
                .isEqualTo("events.jsonl line 2 is damaged: its checksum does not match");
        assertFails(8, "umem bank rollback " + bank + " 0", "bank", "import", bank, file);
        assertFails(8, "line 2 is damaged", "bank", "export", bank, file + ".out");
        assertThat(Path.of(file + ".out")).doesNotExist();
        assertFails(8, "line 2 is damaged", "bank", "rollback", bank, "1");

        JsonNode repaired = ok("rollback", bank, "0").json();
        assertThat(Path.of(repaired.path("set_aside").asString())).exists();
        assertThat(ok("verify", bank).json().path("ok").asBoolean()).isTrue();
    }

    private void flip(int offset) throws IOException {
        Path log = Path.of(bank, "events.jsonl");
        byte[] bytes = Files.readAllBytes(log);
        bytes[offset] ^= 4;
        Files.write(log, bytes);
    }

    @Test
    void tellsOfATornLineAndGoesOn() throws IOException {
        Path log = Path.of(bank, "events.jsonl");
        Files.writeString(log, Files.readString(log) + "{\"seq\":2,\"at\"", StandardCharsets.UTF_8);
        Session verified = Session.run("bank", "verify", bank, "--json");
        assertThat(verified.code()).isEqualTo(8);
        assertThat(verified.json().path("problems").get(0).asString()).contains("line 3 is torn", "13 bytes");
        Session listed = Session.run("bank", "list", bank);
        assertThat(listed.code()).isZero();
        assertThat(listed.out().lines()).hasSize(2);
        assertThat(listed.err()).contains("line 3 is torn");
        ok("import", bank, file);
        assertThat(ok("verify", bank).json().path("entries").asInt()).isEqualTo(4);
    }

    @Test
    void refusesWhatIsNoBankOrIsInUse() {
        for (List<String> arguments : List.of(
                List.of("list"),
                List.of("show", "m1"),
                List.of("log"),
                List.of("verify"),
                List.of("export", file),
                List.of("rollback", "0"))) {
            for (String folder : List.of(temporary.resolve("none").toString(), temporary.toString(), file)) {
                String[] args = new String[arguments.size() + 2];
                args[0] = "bank";
                args[1] = arguments.getFirst();
                args[2] = folder;
                for (int i = 1; i < arguments.size(); i++) {
                    args[i + 2] = arguments.get(i);
                }
                assertFails(3, "bank " + folder + " ", args);
            }
        }
        try (MemoryBank open = MemoryBank.openWithoutEncoder(Path.of(bank))) {
            String pid = "pid " + ProcessHandle.current().pid();
            assertFails(6, pid, "bank", "import", bank, file);
            assertFails(6, pid, "bank", "rollback", bank, "0");
            assertThat(ok("list", bank).json().path("entries").size()).isEqualTo(open.size());
        }
    }

    @Test
    void explainsItself() {
        assertThat(Session.run("bank", "--help").out())
                .contains("list", "show", "log", "verify", "export", "import", "rollback");
        assertThat(Session.run("bank", "rollback", "--help").out()).contains("DIR", "SEQ", "--json", "--debug");
        assertFails(2, "--help", "bank");
        assertFails(2, "--help", "bank", "list");
    }

    private static Session ok(String command, String... arguments) {
        String[] args = new String[arguments.length + 3];
        args[0] = "bank";
        args[1] = command;
        System.arraycopy(arguments, 0, args, 2, arguments.length);
        args[args.length - 1] = "--json";
        Session session = Session.run(args);
        assertThat(session.err()).as(Arrays.toString(args)).isEmpty();
        assertThat(session.code()).isZero();
        assertThat(session.out().strip().lines()).hasSize(1);
        return session;
    }

    private static void assertFails(int code, String message, String... args) {
        Session session = Session.run(args);
        assertThat(session.err().strip()).startsWith("umem: ").contains(message).doesNotContain("\n");
        assertThat(session.code()).as(session.err()).isEqualTo(code);
    }
}
