package umem.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import umem.error.ErrorKind;
import umem.error.UmemException;

class ArtifactLockTest {
    private static final String SUM = "0123456789abcdef".repeat(4);
    private static final String SOUND = """
            {"schema": 1, "system": [], "artifacts": [
              {"name": "thing", "version": "1", "kind": "model", "licence": "MIT", "file": "thing.tgz", "size": 10,
               "sha256": "SUM",
               "sources": [
                 {"type": "parts", "parts": [
                   {"package": "a", "version": "1", "entry": "x", "size": 4, "sha256": "SUM"},
                   {"package": "b", "version": "1", "entry": "x", "size": 6, "sha256": "SUM"}]}],
               "contents": [{"entry": "lib/thing", "file": "thing", "size": 3, "sha256": "SUM"}]}]}
            """.replace("SUM", SUM);

    private static ArtifactLock parse(String json) {
        return ArtifactLock.parse(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), "test.json");
    }

    @Test
    void theLockFileOfThisReleaseIsComplete() {
        ArtifactLock lock = ArtifactLock.standard();
        assertThat(lock.artifacts())
                .extracting(Artifact::name)
                .doesNotHaveDuplicates()
                .isNotEmpty();
        assertThat(lock.artifacts()).allSatisfy(artifact -> {
            assertThat(artifact.sha256()).matches("[0-9a-f]{64}");
            assertThat(artifact.size()).isPositive();
            assertThat(artifact.licence()).isNotBlank();
            assertThat(artifact.version()).isNotBlank();
            assertThat(artifact.kind()).isIn("libraries", "accelerator", "source", "encoder", "model");
            assertThat(artifact.sources()).isNotEmpty();
            assertThat(artifact.files()).isNotEmpty().allSatisfy(content -> {
                assertThat(content.sha256()).matches("[0-9a-f]{64}");
                assertThat(content.size()).isPositive();
            });
            assertThat(artifact.files()).extracting(Artifact.Content::file).doesNotHaveDuplicates();
        });
        assertThat(lock.artifacts()).extracting(Artifact::sha256).doesNotHaveDuplicates();
        assertThat(lock.find(FaissBuild.FAISS_SOURCE))
                .get()
                .extracting(Artifact::version)
                .isEqualTo(FaissBuild.SOURCE_VERSION);
        assertThat(lock.system()).allSatisfy(packages -> {
            assertThat(packages.licence()).isNotBlank();
            assertThat(packages.packages()).isNotEmpty();
        });
    }

    @Test
    void readsWhatIsSound() {
        Artifact artifact = parse(SOUND).artifacts().getFirst();
        assertThat(artifact.isArchive()).isTrue();
        assertThat(artifact.sources().getFirst().label()).isEqualTo("packages a to b");
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertRefused("\"schema\": 1", "\"schema\": 2", "schema 2 is unknown");
        assertRefused("\"sha256\": \"0", "\"sha256\": \"G", "sha256 is not 64 hexadecimal digits");
        assertRefused("\"size\": 10", "\"size\": 11", "parts make 10 bytes, not 11");
        assertRefused("\"size\": 10", "\"size\": 0", "size is not positive");
        assertRefused("\"size\": 3", "\"size\": 0", "size is not positive");
        assertRefused("\"thing.tgz\"", "\"../thing.tgz\"", "file is not a plain name");
        assertRefused("\"thing.tgz\"", "\".checked\"", "file is not a plain name");
        assertRefused("\"file\": \"thing\"", "\"file\": \"../thing\"", "content is not a plain name");
        for (String entry :
                new String[] {"../../thing", "/etc/passwd", "lib/../../thing", "lib/..", "--to-command=x"}) {
            assertRefused("\"lib/thing\"", "\"" + entry + "\"", "entry " + entry + " leaves the archive");
        }
        assertRefused("\"licence\": \"MIT\",", "", "licence");
        assertRefused("\"MIT\"", "null", "licence");
        assertRefused("\"kind\"", "\"colour\": 1, \"kind\"", "colour");
        assertRefused("\"parts\", \"parts\"", "\"carrier pigeon\", \"parts\"", "carrier pigeon");
        assertRefused("{\"schema\"", "schema", "test.json");
        String twice = SOUND.replace("[\n  {\"name\"", "[" + artifactOf(SOUND) + ",\n  {\"name\"");
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> parse(twice))
                .withMessage("test.json, artifact thing: is listed twice");
    }

    private static String artifactOf(String json) {
        return json.substring(json.indexOf("{\"name\""), json.lastIndexOf("}]}") + 1);
    }

    private static void assertRefused(String sound, String wrong, String why) {
        assertThat(SOUND).contains(sound);
        String json = SOUND.replaceFirst(
                java.util.regex.Pattern.quote(sound), java.util.regex.Matcher.quoteReplacement(wrong));
        assertThatExceptionOfType(UmemException.class)
                .isThrownBy(() -> parse(json))
                .withMessageContaining("test.json")
                .withMessageContaining(why)
                .matches(e -> e.kind() == ErrorKind.INPUT);
    }
}
