package umem.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The launcher `umem` on a machine whose JDKs are made up: folders with a release file and a `java` that prints its
/// arguments. The places where JDKs usually lie are moved into the test's folder.
class LauncherTest {
    private static final String BASH = "/bin/bash";

    @TempDir
    Path folder;

    private Path script;
    private Path bin;

    @BeforeEach
    void copyTheScript() throws IOException {
        Path tree = Files.createDirectories(folder.resolve("a source tree"));
        String text = Files.readString(Path.of("../umem"));
        String usual = "/usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* /opt/openjdk*";
        assertThat(text).contains(usual);
        script = Files.writeString(tree.resolve("umem"), text.replace(usual, "\"" + folder + "\"/usual/*"));
        // The tools that the script uses, without the java of this machine.
        bin = Files.createDirectories(folder.resolve("bin"));
        program(bin.resolve("readlink"), "PATH=/usr/bin:/bin exec readlink \"$@\"");
        program(bin.resolve("stty"), "PATH=/usr/bin:/bin exec stty \"$@\"");
    }

    private static void program(Path file, String body) throws IOException {
        Files.writeString(file, "#!" + BASH + "\n" + body + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private record Outcome(int code, String out, String err) {
        List<String> arguments() {
            return out.lines().toList();
        }
    }

    private Outcome run(Map<String, String> environment, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(BASH, script.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().put("PATH", bin.toString());
        builder.environment().put("HOME", folder.resolve("home").toString());
        builder.environment().put("UMEM_MODULE_PATH", folder + "/some modules");
        builder.environment().putAll(environment);
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        Process process =
                builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        process.getOutputStream().close();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private Path jdk(String place, String version) throws IOException {
        return jdk(place, version, "java.base jdk.incubator.vector");
    }

    private Path jdk(String place, String version, String modules) throws IOException {
        Path home = folder.resolve(place);
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(
                home.resolve("release"),
                "IMPLEMENTOR=\"Test\"\nJAVA_VERSION=\"" + version + "\"\nMODULES=\"" + modules + "\"\n");
        for (String tool : List.of("java", "javac")) {
            program(home.resolve("bin/" + tool), "printf '%s\\n' \"${0%/bin/java}\" \"$@\"");
        }
        return home;
    }

    @Test
    void bashUnderstandsTheScript() throws Exception {
        Process process = new ProcessBuilder("bash", "-n", "../umem")
                .redirectErrorStream(true)
                .start();
        assertThat(new String(process.getInputStream().readAllBytes())).isEmpty();
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void withoutAJdkItSaysWhichOneIsNeeded() throws Exception {
        Outcome outcome = run(Map.of("JAVA_HOME", folder.resolve("absent").toString()), "run");
        assertThat(outcome.code()).isEqualTo(9);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err().lines()).singleElement().asString().startsWith("umem: JDK 25.0.3 or newer is needed");
    }

    @Test
    void namesTheJdksThatAreTooOld() throws Exception {
        Path old = jdk("usual/jdk 17", "17.0.12");
        Path early = jdk("early", "25.0.2");
        Outcome outcome = run(Map.of("JAVA_HOME", early.toString()), "run");
        assertThat(outcome.code()).isEqualTo(9);
        assertThat(outcome.err().lines())
                .singleElement()
                .asString()
                .contains(
                        "JDK 25.0.3 or newer is needed",
                        "found only",
                        "25.0.2 (in " + early + ")",
                        "17.0.12 (in " + old + ")");
    }

    @Test
    void aJdkWithoutTheVectorModuleWontDo() throws Exception {
        Path cut = jdk("cut", "25.0.3", "java.base java.compiler");
        assertThat(run(Map.of("JAVA_HOME", cut.toString())).code()).isEqualTo(9);
    }

    @ParameterizedTest
    @CsvSource({
        "25.0.3, true",
        "25.0.10, true",
        "25.1, true",
        "26, true",
        "26-ea, true",
        "27.0.1, true",
        "25, false",
        "25.0.2, false",
        "25.0.2.1, false",
        "24.0.9, false",
        "9.0.4, false",
        "1.8.0_402, false",
        "nonsense, false",
        "'', false"
    })
    void comparesVersions(String version, boolean suits) throws Exception {
        Path home = jdk("home of java", version);
        Outcome outcome = run(Map.of("JAVA_HOME", home.toString()));
        assertThat(outcome.code()).isEqualTo(suits ? 0 : 9);
    }

    @Test
    void looksInOrderAndTakesTheFirstThatWillDo() throws Exception {
        Path usual = jdk("usual/jdk-26", "26");
        assertThat(run(Map.of()).arguments()).first().isEqualTo(usual.toString());
        Path old = jdk("old", "21.0.1");
        assertThat(run(Map.of("JAVA_HOME", old.toString())).arguments()).first().isEqualTo(usual.toString());
        Path home = jdk("java home", "25.0.3");
        assertThat(run(Map.of("JAVA_HOME", home.toString())).arguments())
                .first()
                .isEqualTo(home.toString());
        Path own = jdk("own", "25.0.4");
        assertThat(run(Map.of("JAVA_HOME", home.toString(), "UMEM_JAVA_HOME", own.toString()))
                        .arguments())
                .first()
                .isEqualTo(own.toString());
        Path onPath = jdk("on the path", "25.0.5");
        assertThat(run(Map.of("PATH", bin + ":" + onPath.resolve("bin"))).arguments())
                .first()
                .isEqualTo(onPath.toString());
    }

    @Test
    void aRuntimeWithoutACompilerIsNoJdk() throws Exception {
        Path runtime = jdk("runtime", "25.0.3");
        Files.delete(runtime.resolve("bin/javac"));
        assertThat(run(Map.of("JAVA_HOME", runtime.toString())).code()).isEqualTo(9);
    }

    @Test
    void passesOptionsAndArgumentsThrough() throws Exception {
        Path home = jdk("java home", "25.0.3");
        Outcome outcome = run(
                Map.of("JAVA_HOME", home.toString(), "UMEM_JAVA_OPTS", "-Xmx1g -Da=b"),
                "run",
                "--file",
                "two words",
                "",
                "*",
                "$HOME",
                "--",
                "-x");
        List<String> arguments = outcome.arguments();
        int module = arguments.indexOf("umem.cli/umem.cli.Main");
        assertThat(arguments.subList(module + 1, arguments.size()))
                .containsExactly("run", "--file", "two words", "", "*", "$HOME", "--", "-x");
        assertThat(arguments.subList(0, module))
                .startsWith(home.toString(), "--module-path", folder + "/some modules")
                .containsSubsequence(
                        "--enable-native-access=umem.bindings,dev.hardwood.core", "-Xmx1g", "-Da=b", "--module")
                .contains("-Dumem.home=" + script.getParent(), "--illegal-native-access=deny");
        assertThat(outcome.err()).isEmpty();
    }

    @Test
    void benchmarksMayLoadTheNativeLibrariesOfTheirPeers() throws Exception {
        Path home = jdk("java home", "25.0.3");
        assertThat(run(Map.of("JAVA_HOME", home.toString()), "bench", "search").arguments())
                .contains("--enable-native-access=umem.bindings,dev.hardwood.core,ALL-UNNAMED", "bench", "search");
    }

    @ParameterizedTest
    @ValueSource(strings = {"link", "a link with spaces"})
    void aLinkToTheScriptFindsItsTree(String name) throws Exception {
        Path home = jdk("java home", "25.0.3");
        Path tree = script.getParent();
        script = Files.createSymbolicLink(folder.resolve(name), script);
        assertThat(run(Map.of("JAVA_HOME", home.toString())).arguments()).contains("-Dumem.home=" + tree);
    }

    @Test
    void theExitCodeOfTheProgramIsThatOfTheLauncher() throws Exception {
        Path home = jdk("java home", "25.0.3");
        program(home.resolve("bin/java"), "exit 7");
        assertThat(run(Map.of("JAVA_HOME", home.toString())).code()).isEqualTo(7);
    }
}
