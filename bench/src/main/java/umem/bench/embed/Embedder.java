package umem.bench.embed;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import umem.bench.measure.Contender;
import umem.bench.peer.EncoderEngine;
import umem.bench.peer.EncoderSession;
import umem.engine.embedding.Encoder;

/// An encoder that is open, ours or a peer's.
interface Embedder extends AutoCloseable {

    /// The key of its ratio, or the name of our engine.
    String name();

    /// Its version.
    String version();

    /// Whether it is ours.
    boolean own();

    /// Embeds texts.
    ///
    /// @return a row for each
    float[][] embed(List<String> texts, long[][] tokens);

    /// For the clock: one call embeds a batch.
    Contender contender(SampleTexts samples, int batch);

    @Override
    void close();

    /// The first text of a call's batch.
    private static int first(SampleTexts samples, int batch, int call) {
        return (int) ((long) call * batch % (samples.texts().size() - batch + 1));
    }

    /// One of ours. Its time begins at the text and ends at the rows in memory.
    static Embedder own(String name, Encoder encoder) {
        return new Own(name, encoder);
    }

    /// A peer's.
    static Embedder peer(EncoderEngine engine, EncoderSession session) {
        return new Peer(engine, session);
    }

    /// One of ours.
    record Own(String name, Encoder encoder) implements Embedder {
        @Override
        public String version() {
            return encoder.fingerprint();
        }

        @Override
        public boolean own() {
            return true;
        }

        @Override
        public float[][] embed(List<String> texts, long[][] tokens) {
            float[][] rows = new float[texts.size()][encoder.dimension()];
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment memory = arena.allocate(4L * encoder.dimension() * texts.size());
                encoder.encode(texts, memory);
                for (int i = 0; i < rows.length; i++) {
                    MemorySegment.copy(
                            memory,
                            ValueLayout.JAVA_FLOAT,
                            4L * encoder.dimension() * i,
                            rows[i],
                            0,
                            encoder.dimension());
                }
            }
            return rows;
        }

        @Override
        public Contender contender(SampleTexts samples, int batch) {
            MemorySegment rows = Arena.ofAuto().allocate(4L * encoder.dimension() * batch, 64);
            return new Contender(
                    name, batch, call -> encoder.encode(samples.texts(first(samples, batch, call), batch), rows));
        }

        @Override
        public void close() {
            encoder.close();
        }
    }

    /// A peer's.
    record Peer(EncoderEngine engine, EncoderSession session) implements Embedder {
        @Override
        public String name() {
            return engine.name();
        }

        @Override
        public String version() {
            return engine.version();
        }

        @Override
        public boolean own() {
            return false;
        }

        @Override
        public float[][] embed(List<String> texts, long[][] tokens) {
            return session.encode(texts, tokens);
        }

        @Override
        public Contender contender(SampleTexts samples, int batch) {
            return new Contender(engine.name(), batch, call -> {
                int first = first(samples, batch, call);
                session.encode(samples.texts(first, batch), samples.tokens(first, batch));
            });
        }

        @Override
        public void close() {
            session.close();
        }
    }
}
