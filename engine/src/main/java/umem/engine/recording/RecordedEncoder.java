package umem.engine.recording;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import umem.engine.embedding.Encoder;

/// An encoder whose embeddings are recorded, or a recording that stands for the encoder.
final class RecordedEncoder implements Encoder {
    private final Tape<Row> tape;
    private final @Nullable Encoder encoder;

    /// @param values of one embedding; JSON keeps every bit of a float
    record Row(float[] values) {}

    private RecordedEncoder(Tape<Row> tape, @Nullable Encoder encoder) {
        this.tape = tape;
        this.encoder = encoder;
    }

    static RecordedEncoder record(Path file, Encoder encoder) {
        return new RecordedEncoder(
                Tape.record(file, Row.class, new Tape.Head(encoder.name(), encoder.fingerprint(), encoder.dimension())),
                encoder);
    }

    static RecordedEncoder replay(Path file) {
        return new RecordedEncoder(Tape.replay(file, Row.class), null);
    }

    @Override
    public String name() {
        return tape.head().name();
    }

    @Override
    public String fingerprint() {
        return tape.head().fingerprint();
    }

    @Override
    public int dimension() {
        return tape.head().size();
    }

    @Override
    public void encode(List<String> texts, MemorySegment rows) {
        List<String> unknown = new ArrayList<>();
        for (String text : texts) {
            if (tape.find(Tape.key(List.of(text))) == null) {
                unknown.add(text);
            }
        }
        if (!unknown.isEmpty()) {
            if (encoder == null) {
                throw tape.missing();
            }
            float[] made = new float[unknown.size() * dimension()];
            MemorySegment target = MemorySegment.ofArray(made);
            encoder.encode(unknown, target);
            for (int i = 0; i < unknown.size(); i++) {
                float[] row = new float[dimension()];
                System.arraycopy(made, i * dimension(), row, 0, dimension());
                tape.add(Tape.key(List.of(unknown.get(i))), new Row(row));
            }
        }
        for (int i = 0; i < texts.size(); i++) {
            Row row = tape.find(Tape.key(List.of(texts.get(i))));
            if (row == null || row.values().length != dimension()) {
                throw tape.missing();
            }
            MemorySegment.copy(
                    row.values(), 0, rows, ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * dimension() * i, dimension());
        }
    }

    @Override
    public void close() {
        tape.close();
    }
}
