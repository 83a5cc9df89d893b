package umem.engine.language;

import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Why one attempt at a remote call failed, and whether another one may succeed.
final class RemoteFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean transitory;
    private final @Nullable Duration retryAfter;

    /// @param reason part of a line for the user
    /// @param transitory whether the same request may succeed later
    /// @param retryAfter how long the server asks to wait, null if it says nothing
    RemoteFailure(String reason, boolean transitory, @Nullable Duration retryAfter, @Nullable Throwable cause) {
        super(reason, cause);
        this.transitory = transitory;
        this.retryAfter = retryAfter;
    }

    static RemoteFailure transitory(String reason, @Nullable Throwable cause) {
        return new RemoteFailure(reason, true, null, cause);
    }

    static RemoteFailure lasting(String reason, @Nullable Throwable cause) {
        return new RemoteFailure(reason, false, null, cause);
    }

    /// What the server answered with an error status.
    ///
    /// @param detail the server's own words, empty if it gave none
    static RemoteFailure status(int status, String detail, @Nullable Duration retryAfter) {
        String said = detail.isEmpty() ? "status " + status : "status " + status + ", " + detail;
        String wayOut = switch (status) {
            case 401, 403 -> " (set UMEM_API_KEY or OPENAI_API_KEY to a key that the endpoint accepts)";
            case 404 -> " (check the address and the name of the model)";
            case 301, 302, 303, 307, 308 -> " (redirects are not followed: name the address they lead to)";
            default -> "";
        };
        boolean spent = detail.contains("insufficient_quota");
        return new RemoteFailure(said + wayOut, isTransitory(status) && !spent, retryAfter, null);
    }

    /// Whether a status says that the same request may succeed later.
    static boolean isTransitory(int status) {
        return switch (status) {
            case 408, 409, 425, 429 -> true;
            case 501, 505 -> false;
            default -> status >= 500;
        };
    }

    /// A connection that failed in any way but by an answer.
    ///
    /// @param limit the time that the whole attempt had
    static RemoteFailure connection(IOException failure, Duration limit) {
        if (failure instanceof HttpConnectTimeoutException) {
            return transitory("no connection in time", failure);
        }
        if (failure instanceof HttpTimeoutException) {
            return timeout(limit, failure);
        }
        String detail = "";
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) {
                return lasting("unknown host", failure);
            }
            if (cause instanceof GeneralSecurityException) {
                return lasting("no trust in its certificate, " + cause.getMessage(), failure);
            }
            detail = cause.getMessage() == null ? detail : " (" + cause.getMessage() + ")";
        }
        if (failure instanceof ConnectException) {
            return transitory("connection refused", failure);
        }
        return transitory("connection lost" + detail, failure);
    }

    static RemoteFailure timeout(Duration limit, @Nullable Throwable cause) {
        return transitory("no whole answer within " + seconds(limit) + " s", cause);
    }

    /// A duration in seconds, with no more digits than it needs.
    static String seconds(Duration duration) {
        return java.math.BigDecimal.valueOf(duration.toMillis(), 3)
                .stripTrailingZeros()
                .toPlainString();
    }

    String reason() {
        return String.valueOf(getMessage());
    }

    boolean isTransitory() {
        return transitory;
    }

    @Nullable
    Duration retryAfter() {
        return retryAfter;
    }
}
