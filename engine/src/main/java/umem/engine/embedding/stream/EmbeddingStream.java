package umem.engine.embedding.stream;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import umem.engine.embedding.Encoder;

/// Embeds any number of texts in bounded memory.
///
/// Texts are read a window at a time and given to the encoder in groups of like length, since an encoder that computes
/// several texts at once pads or waits for the longest; rows go out in the order of the texts. An encoder's rows do not
/// depend on what else is in a call, so how texts are grouped shows in nothing but the time.
///
/// Reading and writing are not done beside encoding: together they take less than a hundredth of its time.
public final class EmbeddingStream {
    private static final int WINDOW_TEXTS = 512;
    private static final int WINDOW_CHARACTERS = 1 << 17;
    private static final int GROUP_TEXTS = 64;
    private static final int GROUP_CHARACTERS = 1 << 14;

    private final Encoder encoder;
    private final BooleanSupplier stop;
    private final LongConsumer progress;

    /// What became of a stream.
    ///
    /// @param rows given to the sink
    /// @param complete whether the texts were at their end, and it was not `stop` that ended it
    public record Result(long rows, boolean complete) {}

    /// @param stop asked every few texts; once true, the window under way is dropped
    /// @param progress receives the number of texts embedded so far, every few texts
    public EmbeddingStream(Encoder encoder, BooleanSupplier stop, LongConsumer progress) {
        this.encoder = encoder;
        this.stop = stop;
        this.progress = progress;
    }

    /// Embeds all texts of a source.
    ///
    /// @throws umem.error.UmemException what source, encoder or sink throw; the sink then has whole rows only, those of
    ///     the texts before
    public Result run(TextSource source, RowSink sink) {
        long rowBytes = (long) Float.BYTES * encoder.dimension();
        long done = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rows = arena.allocate(rowBytes * WINDOW_TEXTS, ValueLayout.JAVA_FLOAT.byteAlignment());
            for (List<String> window = window(source); !window.isEmpty(); window = window(source)) {
                if (!encode(window, rows, done)) {
                    return new Result(done, false);
                }
                sink.accept(window, rows.asSlice(0, rowBytes * window.size()));
                done += window.size();
            }
        }
        return new Result(done, true);
    }

    /// As many texts as there are room and, from somebody who writes them one by one, as are there.
    private static List<String> window(TextSource source) {
        List<String> window = new ArrayList<>();
        int characters = 0;
        do {
            String text = source.next();
            if (text == null) {
                break;
            }
            window.add(text);
            characters += text.length();
        } while (window.size() < WINDOW_TEXTS && characters < WINDOW_CHARACTERS && source.ready());
        return window;
    }

    private boolean encode(List<String> window, MemorySegment rows, long before) {
        long rowBytes = (long) Float.BYTES * encoder.dimension();
        int[] order = IntStream.range(0, window.size())
                .boxed()
                .sorted(Comparator.comparingInt(i -> window.get(i).length()))
                .mapToInt(i -> i)
                .toArray();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment made = arena.allocate(rowBytes * GROUP_TEXTS, ValueLayout.JAVA_FLOAT.byteAlignment());
            for (int from = 0; from < order.length; ) {
                if (stop.getAsBoolean()) {
                    return false;
                }
                List<String> group = group(window, order, from);
                encoder.encode(group, made);
                for (int i = 0; i < group.size(); i++) {
                    MemorySegment.copy(made, i * rowBytes, rows, order[from + i] * rowBytes, rowBytes);
                }
                from += group.size();
                progress.accept(before + from);
            }
        }
        return true;
    }

    private static List<String> group(List<String> window, int[] order, int from) {
        List<String> group = new ArrayList<>();
        int characters = 0;
        for (int i = from; i < order.length && group.size() < GROUP_TEXTS && characters < GROUP_CHARACTERS; i++) {
            String text = window.get(order[i]);
            group.add(text);
            characters += text.length();
        }
        return group;
    }
}
