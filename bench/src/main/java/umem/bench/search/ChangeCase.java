package umem.bench.search;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tools.jackson.databind.node.ObjectNode;
import umem.bench.measure.CaseResult;
import umem.bench.measure.Contender;
import umem.bench.measure.Rounds;
import umem.bench.measure.Timing;
import umem.bench.measure.Work;
import umem.bench.peer.SearchIndex;
import umem.cli.terminal.Json;
import umem.engine.search.TopHits;
import umem.engine.search.VectorIndex;

/// Changing one entry of a full index, scattered over it: the time, and the bytes that it allocates.
///
/// One thread, whatever the run says: a change excludes everything else.
///
/// @param change what is done
/// @param ours what it is done to
record ChangeCase(Change change, OwnEngine ours) implements SearchCase {
    /// Changes that are timed together, so that the clock's own time does not count.
    private static final int GROUP = 64;
    /// Primes: ids that lie so far apart are scattered, and do not come twice in a group unless the prime divides the
    /// number of rows.
    private static final long SCATTER = 7919;

    private static final long OTHER_SCATTER = 7907;

    /// What can be done to an entry.
    enum Change {
        ADD,
        UPDATE,
        REMOVE
    }

    @Override
    public String name() {
        return change.name().toLowerCase(java.util.Locale.ROOT);
    }

    @Override
    public List<CaseResult> run(SearchRun run) {
        run.rounds().monitor().check("filling " + ours.name());
        try (VectorIndex index = ours.filled(run.rows())) {
            boolean changes = changes(run, index);
            Timing timing = new Rounds(
                            run.rounds().rounds(),
                            Rounds.Clock.THREAD,
                            run.rounds().monitor())
                    .measure(List.of(new Contender(ours.name(), GROUP, work(run, index))))
                    .getFirst();
            // Everything was undone: what is left has to be what was there before.
            ExactAnswers.Verdict after = judge(run, index);
            boolean whole = after.sound()
                    && after.recall() == 1
                    && index.size() == run.rows().count();
            if (!whole) {
                run.report().accept("wrong: " + ours.name() + ": after all changes were undone it is another index");
            }
            ObjectNode details = Json.object()
                    .put("rows", run.rows().count())
                    .put("dim", run.rows().dimension())
                    .put("rounds", run.rounds().rounds())
                    .put("us_min", timing.min() / 1000)
                    .put("us_max", timing.max() / 1000)
                    .put("checksum", Long.toHexString(after.checksum()));
            return List.of(
                    result(name(), timing.median() / 1000, "us", timing.spread(), changes && whole, details),
                    result(name() + "-bytes", Math.round(timing.bytes()), "bytes", 0, changes && whole, details));
        }
    }

    private CaseResult result(
            String name, double value, String unit, double spread, boolean checked, ObjectNode details) {
        return new CaseResult(name, ours.name(), value, unit, Map.of(), null, null, spread, checked, details);
    }

    private Work work(SearchRun run, VectorIndex index) {
        MemorySegment[] old = segments(run.rows().count(), i -> run.rows().rows(i, 1));
        long scatter = old.length % SCATTER == 0 ? OTHER_SCATTER : SCATTER;
        MemorySegment[] fresh =
                segments(run.queries().count(), i -> run.queries().rows(i, 1));
        return new Work() {
            @Override
            public void run(int call) {
                for (int i = 0; i < GROUP; i++) {
                    switch (change) {
                        case ADD -> index.add(old.length + i, fresh[i]);
                        case UPDATE -> index.update(id(call, i), fresh[i]);
                        case REMOVE -> index.remove(id(call, i));
                    }
                }
            }

            @Override
            public void undo(int call) {
                for (int i = 0; i < GROUP; i++) {
                    int id = id(call, i);
                    switch (change) {
                        case ADD -> index.remove(old.length + i);
                        case UPDATE -> index.update(id, old[id]);
                        case REMOVE -> index.add(id, old[id]);
                    }
                }
            }

            private int id(int call, int i) {
                return (int) (((long) call * GROUP + i) * scatter % old.length);
            }
        };
    }

    private static MemorySegment[] segments(int count, java.util.function.IntFunction<MemorySegment> of) {
        return IntStream.range(0, count).mapToObj(of).toArray(MemorySegment[]::new);
    }

    /// Whether one change does what it is to do, and its undoing too.
    private boolean changes(SearchRun run, VectorIndex index) {
        Work work = work(run, index);
        int size = index.size();
        work.run(0);
        boolean done = switch (change) {
            case ADD ->
                index.size() == size + GROUP && holds(index, size, run.queries().row(0));
            case UPDATE -> index.size() == size && holds(index, 0, run.queries().row(0));
            case REMOVE -> index.size() == size - GROUP && !index.contains(0);
        };
        work.undo(0);
        boolean undone = index.size() == size && holds(index, 0, run.rows().row(0));
        if (!done || !undone) {
            run.report().accept("wrong: " + ours.name() + ": " + name() + " does not do what it says");
        }
        return done && undone;
    }

    private static boolean holds(VectorIndex index, long id, float[] row) {
        return Arrays.equals(index.row(id), row);
    }

    private static ExactAnswers.Verdict judge(SearchRun run, VectorIndex index) {
        TopHits best = new TopHits(run.k());
        return run.answers()
                .judge(
                        new SearchIndex() {
                            @Override
                            public umem.bench.peer.Search search(int batch, int effort) {
                                return (first, ids) -> {
                                    index.search(run.queries().rows(first, 1), best);
                                    for (int rank = 0; rank < best.size(); rank++) {
                                        ids[rank] = best.id(rank);
                                    }
                                };
                            }

                            @Override
                            public void close() {}
                        },
                        1,
                        run.k());
    }
}
