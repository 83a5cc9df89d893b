package umem.engine.language;

import java.net.InetAddress;
import java.net.URI;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The address of an OpenAI-compatible server: the part before `/chat/completions` and `/models`.
///
/// @param base without a slash at its end, such as `http://localhost:8080/v1`
record Endpoint(URI base) {
    private static final String CHAT = "/chat/completions";

    /// Reads an address as users write it: the bare server, with its version, or with the whole path.
    ///
    /// @throws UmemException USAGE if it is no usable address
    static Endpoint of(URI address) {
        String scheme = address.getScheme() == null ? "" : address.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https") || address.getHost() == null) {
            throw usage(address, "is no http or https address with a host");
        }
        if (address.getRawUserInfo() != null) {
            throw usage(address, "holds a user name: set UMEM_API_KEY instead");
        }
        if (address.getRawQuery() != null) {
            throw usage(address, "has a query, which is not supported");
        }
        String path = address.getRawPath().replaceAll("/+$", "");
        if (path.endsWith(CHAT)) {
            path = path.substring(0, path.length() - CHAT.length());
        } else if (path.isEmpty()) {
            path = "/v1";
        }
        int port = address.getPort();
        if (port > 65535) {
            throw usage(address, "has a port above 65535");
        }
        return new Endpoint(URI.create(
                scheme + "://" + address.getHost().toLowerCase(Locale.ROOT) + (port < 0 ? "" : ":" + port) + path));
    }

    private static UmemException usage(URI address, String problem) {
        // Only what cannot be a secret is repeated.
        String shown = address.getScheme() + "://" + (address.getHost() == null ? "?" : address.getHost());
        return new UmemException(
                ErrorKind.USAGE, "the endpoint " + shown + " " + problem + "; write it like http://localhost:8080/v1");
    }

    URI chatCompletions() {
        return URI.create(base + CHAT);
    }

    URI models() {
        return URI.create(base + "/models");
    }

    /// Refuses to send a key where others can read it on its way.
    ///
    /// @throws UmemException USAGE if the address is plain http to another machine
    void requirePrivacyFor(@Nullable String apiKey) {
        if (apiKey != null && base.getScheme().equals("http") && !isLoopback(base.getHost())) {
            throw new UmemException(
                    ErrorKind.USAGE,
                    "the API key would travel unencrypted to " + base
                            + "; use https, a tunnel to localhost, or set UMEM_API_KEY to nothing to send no key");
        }
    }

    private static boolean isLoopback(String host) {
        if (host.equals("localhost") || host.endsWith(".localhost")) {
            return true;
        }
        try {
            return InetAddress.ofLiteral(host.replaceAll("[\\[\\]]", "")).isLoopbackAddress();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return base.toString();
    }
}
