package umem.engine.language;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// How long to wait before the next attempt: exponential growth with full jitter, so that many clients of a server that
/// failed do not come back at the same moment; what the server itself asks for goes first.
final class Backoff {
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofSeconds(30);
    private static final Duration LONGEST_ASKED = Duration.ofMinutes(2);

    private final RandomGenerator random;

    /// @param random safe for all threads
    Backoff(RandomGenerator random) {
        this.random = random;
    }

    /// The wait after a failed attempt.
    ///
    /// @param attempt that failed, counted from 1
    /// @param asked how long the server asks to wait, null if it says nothing; two minutes at most are granted
    Duration delay(int attempt, @Nullable Duration asked) {
        if (asked != null) {
            Duration granted = asked.compareTo(LONGEST_ASKED) < 0 ? asked : LONGEST_ASKED;
            return granted.plus(jitter(FIRST));
        }
        Duration grown = FIRST.multipliedBy(1L << Math.min(attempt - 1, 10));
        return jitter(grown.compareTo(LONGEST) < 0 ? grown : LONGEST);
    }

    private Duration jitter(Duration most) {
        return Duration.ofMillis(random.nextLong(most.toMillis() + 1));
    }

    /// Reads the header `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
    ///
    /// @return not negative; null when there is no such header or it makes no sense
    static @Nullable Duration retryAfter(@Nullable String header, Instant now) {
        if (header == null) {
            return null;
        }
        String value = header.strip();
        try {
            if (value.matches("[0-9]{1,9}([.][0-9]{1,9})?")) {
                return Duration.ofMillis((long) (Double.parseDouble(value) * 1000));
            }
            Instant date = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            return date.isAfter(now) ? Duration.between(now, date) : Duration.ZERO;
        } catch (DateTimeException e) {
            return null;
        }
    }
}
