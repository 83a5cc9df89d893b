package umem.bench.search;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import umem.bench.measure.Contender;
import umem.bench.measure.Memory;
import umem.bench.measure.Work;
import umem.bench.peer.Peers;
import umem.bench.peer.Search;
import umem.bench.peer.SearchEngine;
import umem.bench.peer.SearchIndex;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// An engine with the rows of a run in it.
final class OpenContender implements AutoCloseable {
    private final SearchEngine engine;
    private final SearchIndex index;
    private final SearchRun run;
    private final int batch;
    private final double secondsToFill;
    private int effort;
    private ExactAnswers.@Nullable Verdict verdict;

    private OpenContender(SearchEngine engine, SearchIndex index, SearchRun run, int batch, double secondsToFill) {
        this.engine = engine;
        this.index = index;
        this.run = run;
        this.batch = batch;
        this.secondsToFill = secondsToFill;
        this.effort = run.k();
    }

    /// Opens an engine.
    ///
    /// @throws UmemException of kind USAGE if it does not fit into memory
    static OpenContender open(SearchEngine engine, SearchRun run, int batch) {
        int rows = run.rows().count();
        int dimension = run.rows().dimension();
        Memory.require(engine.name(), engine.nativeBytes(rows, dimension), engine.heapBytes(rows, dimension));
        run.rounds().monitor().check("filling " + engine.name());
        long start = System.nanoTime();
        SearchIndex index = engine.open(run.rows(), run.queries(), run.k());
        return new OpenContender(engine, index, run, batch, (System.nanoTime() - start) / 1e9);
    }

    /// Opens all peers that can be opened; says of the others why not.
    static List<OpenContender> peers(List<SearchEngine> engines, SearchRun run, int batch) {
        List<OpenContender> opened = new ArrayList<>();
        for (SearchEngine engine : engines) {
            try {
                opened.add(open(engine, run, batch));
            } catch (UmemException e) {
                if (e.kind() == ErrorKind.INTERRUPTED) {
                    opened.forEach(OpenContender::close);
                    throw e;
                }
                run.report().accept("absent: " + engine.name() + ": " + e.getMessage());
            } catch (RuntimeException | LinkageError e) {
                // Somebody else's code: whatever it throws, the others can still be measured.
                run.report().accept("absent: " + engine.name() + ": " + Peers.reason(e));
            }
        }
        return opened;
    }

    String name() {
        return engine.name();
    }

    String version() {
        return engine.version();
    }

    /// Compares its answers with the right ones.
    ///
    /// @param floor the least recall that is right for it
    /// @return whether they are right; if not, it was reported
    boolean check(double floor) {
        ExactAnswers.Verdict found = run.answers().judge(index, batch, effort);
        verdict = found;
        boolean right = found.sound() && found.recall() >= floor;
        if (!right) {
            run.report()
                    .accept(String.format(
                            Locale.ROOT,
                            "wrong: %s: recall %.4f of the exact answers%s",
                            name(),
                            found.recall(),
                            found.sound() ? "" : ", and answers that are no ranking of different rows"));
        }
        return right;
    }

    /// Raises the effort until the recall is reached.
    ///
    /// @return whether it was reached; if not, it was reported
    boolean raiseTo(double recall) {
        for (effort = run.k(); ; effort *= 2) {
            run.rounds().monitor().check("looking for the effort that " + name() + " needs: " + effort);
            ExactAnswers.Verdict found = run.answers().judge(index, batch, effort);
            verdict = found;
            if (found.sound() && found.recall() >= recall) {
                return true;
            }
            if (effort >= 64 * run.k() || effort >= run.rows().count()) {
                return check(recall);
            }
        }
    }

    /// How long its index took to make, on the wall.
    double secondsToFill() {
        return secondsToFill;
    }

    /// The candidates that it looks at.
    int effort() {
        return effort;
    }

    /// What came out of the last look at its answers.
    ExactAnswers.Verdict verdict() {
        if (verdict == null) {
            throw new IllegalStateException("not looked at yet");
        }
        return verdict;
    }

    /// For the clock.
    Contender contender() {
        List<Work> works = new ArrayList<>();
        int starts = run.queries().count() - batch + 1;
        for (int i = 0; i < run.threads(); i++) {
            Search search = index.search(batch, effort);
            long[] ids = new long[batch * run.k()];
            works.add(call -> search.run((int) ((long) call * batch % starts), ids));
        }
        return new Contender(name(), batch, works);
    }

    @Override
    public void close() {
        index.close();
    }
}
