package umem.engine.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Addresses and keys, before anything is sent.
class RemoteReferenceTest {
    private static final String KEY = "sk-very-secret";

    @ParameterizedTest
    @CsvSource({
        "http://host:8080, http://host:8080/v1",
        "http://host:8080/, http://host:8080/v1",
        "http://host:8080/v1, http://host:8080/v1",
        "http://host:8080/v1/, http://host:8080/v1",
        "http://host:8080/v1/chat/completions, http://host:8080/v1",
        "HTTPS://Host/api/v1, https://host/api/v1",
        "https://host/chat/completions, https://host",
        "http://[::1]:8080, http://[::1]:8080/v1",
    })
    void readsAddressesAsUsersWriteThem(String written, String base) {
        Endpoint endpoint = Endpoint.of(URI.create(written));
        assertThat(endpoint).hasToString(base);
        assertThat(endpoint.chatCompletions()).hasToString(base + "/chat/completions");
        assertThat(endpoint.models()).hasToString(base + "/models");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://host/",
                "http:///v1",
                "http://user:" + KEY + "@host/",
                "http://host/v1?key=" + KEY,
                "host:80",
                "http://host:99999/",
                "http://ho st/" + KEY
            })
    void refusesOtherAddressesWithoutRepeatingSecrets(String written) {
        assertThatThrownBy(() -> RemoteLanguageModel.open(written, RemoteLanguageModel.Options.defaults()))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.USAGE))
                .hasMessageNotContaining(KEY);
    }

    @Test
    void tellsReferencesFromNamesAndPaths() {
        assertThat(RemoteLanguageModel.isReference("http://localhost:8080")).isTrue();
        assertThat(RemoteLanguageModel.isReference("HTTPS://host/v1#m")).isTrue();
        assertThat(RemoteLanguageModel.isReference("qwen2.5-coder-1.5b-instruct"))
                .isFalse();
        assertThat(RemoteLanguageModel.isReference("models/http/x.gguf")).isFalse();
        assertThat(RemoteLanguageModel.isReference("hf:owner/repository/file")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"http://localhost:1", "http://127.0.0.1", "http://127.8.8.8", "http://[::1]:5", "https://host"})
    void letsAKeyGoWhereNobodyListensIn(String address) {
        Endpoint.of(URI.create(address)).requirePrivacyFor(KEY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"http://host", "http://10.0.0.1:8080", "http://localhost.example", "http://127.0.0.1.example"})
    void keepsAKeyFromOpenWires(String address) {
        Endpoint.of(URI.create(address)).requirePrivacyFor(null);
        assertThatThrownBy(() -> RemoteLanguageModel.open(
                        address, RemoteLanguageModel.Options.defaults().withApiKey(KEY)))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.USAGE))
                .hasMessageContaining("unencrypted")
                .hasMessageNotContaining(KEY);
    }

    @Test
    void takesTheKeyFromTheEnvironment() {
        assertThat(key(Map.of())).isNull();
        assertThat(key(Map.of("OPENAI_API_KEY", " b\n"))).isEqualTo("b");
        assertThat(key(Map.of("UMEM_API_KEY", "a", "OPENAI_API_KEY", "b"))).isEqualTo("a");
        assertThat(key(Map.of("UMEM_API_KEY", "", "OPENAI_API_KEY", "b"))).isNull();
        assertThatThrownBy(() -> key(Map.of("UMEM_API_KEY", KEY + "\n" + KEY)))
                .isInstanceOf(UmemException.class)
                .hasMessageNotContaining(KEY);
        assertThat(RemoteLanguageModel.Options.defaults().withApiKey(KEY).toString())
                .doesNotContain(KEY);
    }

    private static @Nullable String key(Map<String, String> environment) {
        return RemoteLanguageModel.Options.fromEnvironment(environment).apiKey();
    }

    @Test
    void refusesOptionsThatMakeNoSense() {
        Duration second = Duration.ofSeconds(1);
        assertThatThrownBy(() -> new RemoteLanguageModel.Options(0, second, second, 1, null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new RemoteLanguageModel.Options(1, second, second, 0, null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new RemoteLanguageModel.Options(1, second, Duration.ZERO, 1, null))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
