package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import umem.engine.testing.Seed;

class RowStoreTest {

    @Test
    void aListenerKeepsInStepThroughAnyHistory() throws Exception {
        Seed.run(random -> {
            int dimension = 1 + random.nextInt(40);
            Map<Long, float[]> expected = new HashMap<>();
            try (RowStore store = new RowStore(dimension)) {
                Mirror mirror = new Mirror();
                for (int step = 0; step < 4000; step++) {
                    if (step == 500) {
                        store.follow(mirror);
                    }
                    change(store, expected, random);
                }
                assertThat(store.size()).isEqualTo(expected.size());
                assertThat(mirror.reserved).isGreaterThanOrEqualTo(store.size());
                for (int position = 0; position < store.rows(); position++) {
                    long id = store.ids()[position];
                    assertThat(store.row(id)).containsExactly(expected.get(id));
                    assertThat(mirror.rows.get(position))
                            .containsExactly(Arrays.copyOf(expected.get(id), store.stride()));
                    float[] padded = new float[store.stride()];
                    MemorySegment.copy(
                            store.chunk(position / RowStore.ROWS),
                            java.lang.foreign.ValueLayout.JAVA_FLOAT,
                            store.offset(position),
                            padded,
                            0,
                            padded.length);
                    assertThat(padded).containsExactly(Arrays.copyOf(expected.get(id), store.stride()));
                }
            }
        });
    }

    private static void change(RowStore store, Map<Long, float[]> expected, Random random) {
        long id = random.nextInt(3000);
        float[] row = FlatIndexTest.unit(random, store.dimension());
        if (random.nextInt(20) == 0) {
            long[] ids = random.longs(200, 0, 3000)
                    .distinct()
                    .filter(one -> !expected.containsKey(one))
                    .toArray();
            float[] rows = new float[ids.length * store.dimension()];
            for (int i = 0; i < ids.length; i++) {
                float[] one = FlatIndexTest.unit(random, store.dimension());
                System.arraycopy(one, 0, rows, i * one.length, one.length);
                expected.put(ids[i], one);
            }
            store.addAll(ids, MemorySegment.ofArray(rows));
        } else if (!expected.containsKey(id)) {
            store.add(id, MemorySegment.ofArray(row));
            expected.put(id, row);
        } else if (random.nextBoolean()) {
            assertThat(store.remove(id)).isTrue();
            expected.remove(id);
        } else {
            store.update(id, MemorySegment.ofArray(row));
            expected.put(id, row);
        }
        assertThat(store.contains(id)).isEqualTo(expected.containsKey(id));
    }

    /// A copy of all rows, by position.
    private static class Mirror implements RowListener {
        private final List<float[]> rows = new ArrayList<>();
        private int reserved;

        @Override
        public void reserve(int count) {
            reserved = Math.max(reserved, count);
        }

        @Override
        public void written(int position, float[] values) {
            assertThat(position).isLessThan(reserved);
            while (rows.size() <= position) {
                rows.add(new float[0]);
            }
            rows.set(position, values.clone());
        }

        @Override
        public void moved(int from, int to) {
            rows.set(to, rows.get(from));
        }
    }

    @Test
    void manyRowsComeAllOrNone() {
        try (RowStore store = new RowStore(2)) {
            store.add(5, MemorySegment.ofArray(new float[] {1, 2}));
            float[] rows = {1, 1, 2, 2, 3, 3};
            MemorySegment three = MemorySegment.ofArray(rows);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> store.addAll(new long[] {1, 5, 2}, three))
                    .withMessage("id 5 is taken");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> store.addAll(new long[] {1, 2, 1}, three))
                    .withMessage("id 1 comes twice");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> store.addAll(new long[] {1, 2}, three))
                    .withMessage("2 rows of 24 bytes, but 2 float32 values a row are 16 bytes");
            rows[5] = Float.NaN;
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> store.addAll(new long[] {1, 2, 3}, three))
                    .withMessage("row 2: value 1 is NaN, not a finite number");
            assertThat(store.size()).isEqualTo(1);
            assertThat(store.contains(1)).isFalse();
            assertThat(store.contains(2)).isFalse();
            rows[5] = 3;
            store.addAll(new long[] {1, 2, 3}, three);
            store.addAll(new long[0], MemorySegment.ofArray(new float[0]));
            assertThat(store.size()).isEqualTo(4);
            assertThat(store.row(5)).containsExactly(1, 2);
            assertThat(store.row(3)).containsExactly(3, 3);
        }
    }

    @Test
    void aListenerWithoutRoomStopsTheChange() {
        try (RowStore store = new RowStore(1)) {
            store.follow(new Mirror() {
                @Override
                public void reserve(int count) {
                    if (count > 1) {
                        throw new IllegalStateException("no room");
                    }
                    super.reserve(count);
                }
            });
            MemorySegment row = MemorySegment.ofArray(new float[] {1});
            store.add(1, row);
            assertThatIllegalStateException().isThrownBy(() -> store.add(2, row));
            assertThat(store.size()).isEqualTo(1);
            assertThat(store.contains(2)).isFalse();
        }
    }

    @Test
    void aClosedStoreSaysSo() {
        RowStore store = new RowStore(1);
        store.close();
        store.close();
        MemorySegment row = MemorySegment.ofArray(new float[] {1});
        assertThatIllegalStateException().isThrownBy(store::beginRead).withMessage("the index is closed");
        assertThatIllegalStateException().isThrownBy(() -> store.add(1, row));
        assertThatThrownBy(() -> store.remove(1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theMapOfIdsEqualsAHashMap() throws Exception {
        Seed.run(random -> {
            IdMap map = new IdMap();
            Map<Long, Integer> expected = new HashMap<>();
            // Ids that collide: few, or multiples of a power of two, or any.
            int kind = random.nextInt(3);
            for (int step = 0; step < 200_000; step++) {
                long id = kind == 0
                        ? random.nextInt(50)
                        : kind == 1 ? (long) random.nextInt(5000) << 40 : random.nextLong() % 20_000;
                switch (random.nextInt(4)) {
                    case 0 ->
                        assertThat(map.remove(id))
                                .isEqualTo(java.util.Objects.requireNonNullElse(expected.remove(id), -1));
                    case 1 -> {
                        if (expected.containsKey(id)) {
                            map.move(id, step);
                            expected.put(id, step);
                        }
                    }
                    default -> assertThat(map.put(id, step)).isEqualTo(expected.putIfAbsent(id, step) == null);
                }
                assertThat(map.get(id)).isEqualTo(expected.getOrDefault(id, -1));
            }
            expected.forEach((id, position) -> assertThat(map.get(id)).isEqualTo(position));
        });
    }
}
