package umem.engine.embedding.bert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkTeamTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7})
    void everyPieceIsDoneOnceByAMember(int size) {
        try (WorkTeam team = new WorkTeam(size)) {
            assertThat(team.size()).isEqualTo(size);
            for (int round = 0; round < 2000; round++) {
                int pieces = round % 40;
                AtomicIntegerArray done = new AtomicIntegerArray(pieces);
                team.run(pieces, (piece, member) -> {
                    assertThat(member).isBetween(0, size - 1);
                    done.incrementAndGet(piece);
                });
                for (int piece = 0; piece < pieces; piece++) {
                    assertThat(done.get(piece)).isEqualTo(1);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aFailureReachesTheCallerAndTheTeamGoesOn(int size) {
        try (WorkTeam team = new WorkTeam(size)) {
            for (int round = 0; round < 50; round++) {
                assertThatThrownBy(() -> team.run(20, (piece, member) -> {
                            if (piece == 13) {
                                throw new IllegalArgumentException("piece 13");
                            }
                        }))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("piece 13");
                team.run(20, (piece, member) -> {});
            }
        }
    }

    @Test
    void anInterruptWaitsForTheWork() {
        try (WorkTeam team = new WorkTeam(2)) {
            AtomicIntegerArray done = new AtomicIntegerArray(200);
            Thread.currentThread().interrupt();
            team.run(200, (piece, member) -> done.incrementAndGet(piece));
            assertThat(Thread.interrupted()).isTrue();
            for (int piece = 0; piece < done.length(); piece++) {
                assertThat(done.get(piece)).isEqualTo(1);
            }
        }
    }
}
