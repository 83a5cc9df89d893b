package umem.engine.language;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ThreadCountTest {
    private static final long SECOND = 1_000_000_000;

    private static void observe(ThreadCount count, double share, int seconds) {
        for (int i = 0; i < seconds; i++) {
            count.observe((long) (share * SECOND), SECOND);
        }
    }

    @Test
    void itStaysAtTheMostWhereNobodyInterferes() {
        ThreadCount count = new ThreadCount(8);
        observe(count, 0.99, 1000);
        assertThat(count.threads()).isEqualTo(8);
    }

    @Test
    void contentionHalvesItDownToOne() {
        ThreadCount count = new ThreadCount(8);
        observe(count, 0.5, 1);
        assertThat(count.threads()).isEqualTo(4);
        observe(count, 0.5, 100);
        assertThat(count.threads()).isEqualTo(1);
    }

    @Test
    void quietBringsItBack() {
        ThreadCount count = new ThreadCount(4);
        observe(count, 0.3, 2);
        assertThat(count.threads()).isEqualTo(1);
        observe(count, 0.99, 19);
        assertThat(count.threads()).isEqualTo(1);
        observe(count, 0.99, 1);
        assertThat(count.threads()).isEqualTo(2);
        observe(count, 0.99, 40);
        assertThat(count.threads()).isEqualTo(4);
    }

    @Test
    void lastingContentionIsTriedMoreAndMoreSeldom() {
        ThreadCount count = new ThreadCount(2);
        int tries = 0;
        for (int second = 0; second < 1000; second++) {
            // One thread has a core for itself; two have not.
            tries += count.threads() - 1;
            observe(count, count.threads() == 1 ? 0.97 : 0.6, 1);
        }
        assertThat(tries).isBetween(10, 20);
    }

    @Test
    void shortCallsTellNothing() {
        ThreadCount count = new ThreadCount(2);
        for (int i = 0; i < 1000; i++) {
            count.observe(0, 1_000_000);
        }
        assertThat(count.threads()).isEqualTo(2);
    }
}
