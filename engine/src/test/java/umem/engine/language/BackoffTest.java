package umem.engine.language;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import umem.engine.testing.Seed;

class BackoffTest {
    private static final Instant NOW = Instant.parse("1994-11-06T08:49:37Z");

    @Test
    void growsAndUsesTheWholeRange() throws Exception {
        Seed.run(random -> {
            Backoff backoff = new Backoff(random);
            for (int attempt = 1; attempt <= 70; attempt++) {
                Duration limit = Duration.ofSeconds(attempt > 5 ? 30 : 1L << (attempt - 1));
                Duration least = limit;
                Duration most = Duration.ZERO;
                for (int draw = 0; draw < 400; draw++) {
                    Duration delay = backoff.delay(attempt, null);
                    assertThat(delay).isBetween(Duration.ZERO, limit);
                    least = delay.compareTo(least) < 0 ? delay : least;
                    most = delay.compareTo(most) > 0 ? delay : most;
                }
                // Missed by all draws with a probability below 1e-30.
                assertThat(least).isLessThan(limit.dividedBy(5));
                assertThat(most).isGreaterThan(limit.multipliedBy(4).dividedBy(5));
            }
        });
    }

    @Test
    void readsWhatTheServerAsksFor() {
        assertThat(Backoff.retryAfter("120", NOW)).isEqualTo(Duration.ofMinutes(2));
        assertThat(Backoff.retryAfter(" 0.5 ", NOW)).isEqualTo(Duration.ofMillis(500));
        assertThat(Backoff.retryAfter("Sun, 06 Nov 1994 08:49:40 GMT", NOW)).isEqualTo(Duration.ofSeconds(3));
        assertThat(Backoff.retryAfter("Sun, 06 Nov 1994 08:49:30 GMT", NOW)).isEqualTo(Duration.ZERO);
        for (String nonsense : new String[] {"", "soon", "-3", "1e9", "999999999999999999", "Sun, 06 Nov"}) {
            assertThat(Backoff.retryAfter(nonsense, NOW)).isNull();
        }
        assertThat(Backoff.retryAfter(null, NOW)).isNull();
    }
}
