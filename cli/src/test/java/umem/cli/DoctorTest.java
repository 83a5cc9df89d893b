package umem.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import umem.provision.Accelerator;
import umem.provision.NativeLibraries;
import umem.provision.Progress;
import umem.provision.Provision;

class DoctorTest {
    @TempDir
    Path folder;

    @Test
    void aProvisionedMachineIsWell() throws IOException {
        provisioned();
        Session session = Session.run("doctor", "--json");
        assertThat(session.code()).as(session.out()).isZero();
        assertThat(session.err()).isEmpty();
        JsonNode found = session.json();
        assertThat(found.path("ok").asBoolean()).isTrue();
        assertThat(found.path("problems").isEmpty()).isTrue();
        assertThat(found.path("jdk").asString()).isEqualTo(Runtime.version().toString());
        assertThat(found.path("native_access").asBoolean()).isTrue();
        assertThat(found.path("processors").asInt()).isPositive();
        assertThat(found.path("memory_bytes").asLong()).isGreaterThan(1L << 28);
        assertThat(found.path("vector_bits").asInt()).isIn(0, 256, 512);
        assertThat(found.path("backend").asString()).isIn("cpu", "cuda");
        assertThat(found.path("cpu_variant").asString()).isNotEmpty().isNotEqualTo("unknown");
        assertThat(found.path("devices").size()).isPositive();
        assertThat(found.path("libraries").values())
                .extracting(library -> library.path("name").asString())
                .contains("libggml-base.so", "libllama.v0.5.0.so")
                .anyMatch(name -> name.startsWith("libumem_faiss-"));
        for (JsonNode library : found.path("libraries")) {
            assertThat(Path.of(library.path("path").asString())).isRegularFile();
            assertThat(library.path("sha256").asString()).matches("[0-9a-f]{64}");
            assertThat(library.path("version").asString()).isNotEmpty();
        }
        assertThat(found.path("models").values())
                .extracting(model -> model.path("name").asString())
                .contains("smollm2-135m-instruct", "bge-small-en-v1.5");
        assertThat(found.path("cache").path("size_bytes").asLong()).isPositive();
        assertThat(found.path("cache").path("free_bytes").asLong()).isPositive();

        String report = Session.run("doctor").out();
        assertThat(report).contains("Java     " + Runtime.version(), "all is well");
    }

    @Test
    void whatIsMissingIsNoProblemAndIsNotFetched() throws Exception {
        Path cache = folder.resolve("cache");
        Session session = process(cache, "doctor", "--json");
        assertThat(session.code()).as(session.out()).isZero();
        JsonNode found = session.json();
        assertThat(found.path("ok").asBoolean()).isTrue();
        assertThat(found.path("backend").isNull()).isTrue();
        assertThat(found.path("libraries").isEmpty()).isTrue();
        assertThat(found.path("models").values()).isNotEmpty().allSatisfy(model -> {
            assertThat(model.path("present").asBoolean()).isFalse();
            assertThat(model.path("command").asString())
                    .isEqualTo("umem models fetch " + model.path("name").asString());
        });
        assertThat(found.path("notes").values())
                .extracting(JsonNode::asString)
                .contains("llama.cpp is missing: it is fetched at its first use");
        assertThat(found.path("cache").path("size_bytes").asLong()).isZero();
        if (Files.exists(cache)) {
            try (var files = Files.walk(cache)) {
                assertThat(files.filter(Files::isRegularFile)).isEmpty();
            }
        }
    }

    @Test
    void damagedLibrariesAreProblemsAndDoNotEndTheProcess() throws Exception {
        NativeLibraries libraries = provisioned();
        Path cache = folder.resolve("cache");
        Path llama = Files.createDirectories(
                cache.resolve("sha256").resolve(libraries.llama().getFileName()));
        try (var files = Files.list(libraries.llama())) {
            for (Path file : files.toList()) {
                Files.copy(file, llama.resolve(file.getFileName()));
            }
        }
        Path faiss = Files.createDirectories(cache.resolve("faiss"))
                .resolve(libraries.faiss().getFileName());
        Files.copy(libraries.faiss(), faiss);
        Path damaged = llama.resolve("libllama.v0.5.0.so");
        byte[] bytes = Files.readAllBytes(damaged);
        java.util.Arrays.fill(bytes, 64, 4096, (byte) -1);
        Files.write(damaged, bytes);
        Files.write(faiss, java.util.Arrays.copyOf(Files.readAllBytes(faiss), 100_000));

        Session session = process(cache, "doctor", "--json");
        assertThat(session.code()).as(session.out()).isEqualTo(5);
        JsonNode found = session.json();
        assertThat(found.path("ok").asBoolean()).isFalse();
        List<String> problems =
                found.path("problems").values().stream().map(JsonNode::asString).toList();
        assertThat(problems).hasSize(2);
        assertThat(problems.get(0)).startsWith(damaged + ": damaged (sha256 ").contains("fetches it again");
        assertThat(problems.get(1)).contains(faiss + " was cut off; delete it");
    }

    private static NativeLibraries provisioned() {
        return Provision.standard(Progress.silent()).libraries(Accelerator.CPU);
    }

    /// A process of its own, with a cache of its own.
    private static Session process(Path cache, String... args) throws Exception {
        List<String> command = new java.util.ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-classpath",
                System.getProperty("java.class.path"),
                "umem.cli.Main"));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("UMEM_CACHE", cache.toString());
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Session(process.waitFor(), out, "");
    }
}
