package umem.bench.search;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import umem.bench.measure.Contender;
import umem.bench.measure.Work;
import umem.bench.peer.Vectors;

/// The machine's limit for a scan: reading the rows once and adding them up, nothing else. As one stream, and as four
/// streams from distant places, since which of the two is faster differs between machines.
final class StreamingRead {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int STEP = SPECIES.vectorByteSize();

    private StreamingRead() {}

    /// The two ways.
    static List<Contender> contenders(Vectors rows, int threads) {
        MemorySegment memory = rows.values();
        // Whole steps of all streams; the few bytes that are left over are no time at all.
        long bytes = rows.rowBytes() * rows.count() / (16L * STEP) * (16L * STEP);
        List<Work> one = new ArrayList<>();
        List<Work> four = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            float[] sink = new float[SPECIES.length()];
            one.add(call -> one(memory, bytes, sink));
            four.add(call -> four(memory, bytes / 4, sink));
        }
        return List.of(new Contender("read, 1 stream", 1, one), new Contender("read, 4 streams", 1, four));
    }

    private static void one(MemorySegment memory, long bytes, float[] sink) {
        FloatVector a = FloatVector.zero(SPECIES);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        for (long at = 0; at < bytes; at += 4L * STEP) {
            a = a.add(load(memory, at));
            b = b.add(load(memory, at + STEP));
            c = c.add(load(memory, at + 2L * STEP));
            d = d.add(load(memory, at + 3L * STEP));
        }
        a.add(b).add(c.add(d)).intoArray(sink, 0);
    }

    /// @param quarter bytes of each stream
    private static void four(MemorySegment memory, long quarter, float[] sink) {
        FloatVector a = FloatVector.zero(SPECIES);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        for (long at = 0; at < quarter; at += 2L * STEP) {
            a = a.add(load(memory, at));
            b = b.add(load(memory, at + quarter));
            c = c.add(load(memory, at + 2 * quarter));
            d = d.add(load(memory, at + 3 * quarter));
            a = a.add(load(memory, at + STEP));
            b = b.add(load(memory, at + STEP + quarter));
            c = c.add(load(memory, at + STEP + 2 * quarter));
            d = d.add(load(memory, at + STEP + 3 * quarter));
        }
        a.add(b).add(c.add(d)).intoArray(sink, 0);
    }

    private static FloatVector load(MemorySegment memory, long at) {
        return FloatVector.fromMemorySegment(SPECIES, memory, at, ORDER);
    }
}
