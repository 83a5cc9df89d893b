package umem.bench.search;

import java.util.Comparator;
import java.util.stream.IntStream;
import umem.bench.peer.Search;
import umem.bench.peer.SearchEngine;
import umem.bench.peer.SearchIndex;
import umem.bench.peer.Vectors;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Peers for tests: one that is right, one that is wrong, one that isn't there.
final class TestPeers {
    private TestPeers() {}

    /// Sorts all rows by their score.
    static class BruteForce implements SearchEngine {
        private final String name;

        BruteForce(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String version() {
            return "1";
        }

        @Override
        public Kind kind() {
            return Kind.SCAN;
        }

        @Override
        public boolean batches() {
            return true;
        }

        @Override
        public long heapBytes(int rows, int dimension) {
            return 0;
        }

        @Override
        public SearchIndex open(Vectors rows, Vectors queries, int k) {
            return new SearchIndex() {
                @Override
                public Search search(int batch, int effort) {
                    return (first, ids) -> {
                        for (int i = 0; i < batch; i++) {
                            int query = first + i;
                            double[] scores = IntStream.range(0, rows.count())
                                    .mapToDouble(row -> dot(rows, row, queries, query))
                                    .toArray();
                            long[] best = IntStream.range(0, rows.count())
                                    .boxed()
                                    .sorted(Comparator.comparingDouble(row -> -scores[row]))
                                    .limit(k)
                                    .mapToLong(Integer::longValue)
                                    .toArray();
                            answer(query, best);
                            System.arraycopy(best, 0, ids, i * k, k);
                        }
                    };
                }

                @Override
                public void close() {}
            };
        }

        /// Has the last word.
        void answer(int query, long[] best) {}

        private static double dot(Vectors rows, int row, Vectors queries, int query) {
            double sum = 0;
            for (int i = 0; i < rows.dimension(); i++) {
                sum += (double) rows.value(row, i) * queries.value(query, i);
            }
            return sum;
        }
    }

    /// Misses one row of one query.
    static final class Wrong extends BruteForce {
        Wrong(String name) {
            super(name);
        }

        @Override
        void answer(int query, long[] best) {
            if (query == 5) {
                best[best.length - 1] = IntStream.range(0, 1000)
                        .filter(row -> java.util.Arrays.stream(best).noneMatch(id -> id == row))
                        .skip(50)
                        .findFirst()
                        .orElseThrow();
            }
        }
    }

    /// Cannot be opened.
    static final class Absent extends BruteForce {
        private final String why;

        Absent(String name, String why) {
            super(name);
            this.why = why;
        }

        @Override
        public SearchIndex open(Vectors rows, Vectors queries, int k) {
            throw new UmemException(ErrorKind.NATIVE, why);
        }
    }
}
