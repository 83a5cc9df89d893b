package umem.engine.language;

import org.jspecify.annotations.Nullable;
import umem.bindings.llama.Context;
import umem.bindings.llama.Grammar;
import umem.bindings.llama.Sampler;
import umem.bindings.llama.Vocabulary;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A generation that holds a sequence: first its prompt is computed, piece by piece, then one token a step.
///
/// Owns a native sampler and, where asked for, a grammar. For the owner thread of the context.
final class RunningGeneration implements AutoCloseable {
    final PendingGeneration pending;
    final CachedSequence sequence;
    private final Sampler sampler;
    private final @Nullable Grammar grammar;
    private final Utf8Text text = new Utf8Text();
    private int completionTokens;
    /// The token drawn last, not yet in the cache.
    int drawn;
    /// Where the logits of the next token are in the batch, or -1.
    int output = -1;

    /// @throws UmemException of kind INPUT if the grammar is refused; the sequence stays the caller's
    RunningGeneration(PendingGeneration pending, CachedSequence sequence, Vocabulary vocabulary) {
        this.pending = pending;
        this.sequence = sequence;
        sampler = sampler(pending.request().sampling(), vocabulary);
        String rules = pending.request().grammar();
        try {
            grammar = rules == null ? null : Grammar.parse(vocabulary, rules);
        } catch (Throwable t) {
            sampler.close();
            throw t;
        }
    }

    private static Sampler sampler(Sampling sampling, Vocabulary vocabulary) {
        float temperature = (float) sampling.temperature();
        // The library computes in float32, where a tiny value may become 0.
        if (temperature == 0) {
            return Sampler.greedy(vocabulary);
        }
        float topP = Math.max((float) sampling.topP(), Float.MIN_NORMAL);
        return Sampler.random(vocabulary, temperature, sampling.topK(), topP, sampling.seed());
    }

    boolean isPrefilling() {
        return sequence.length < pending.prompt().length;
    }

    /// Draws the next token from the logits of the last batch.
    void draw(Context context) {
        drawn = sampler.sample(context, output, grammar);
    }

    /// Adds the drawn token's text and tells the listener.
    ///
    /// @param piece its bytes
    /// @return whether the limit of tokens is reached
    boolean add(byte[] piece) {
        completionTokens++;
        tell(text.add(piece));
        return completionTokens == pending.request().sampling().maxTokens();
    }

    Generation end(Generation.Finish finish) {
        tell(text.end());
        return new Generation(text.text(), pending.prompt().length, completionTokens, finish);
    }

    private void tell(String whole) {
        if (whole.isEmpty()) {
            return;
        }
        try {
            pending.listener().accept(whole);
        } catch (UmemException e) {
            throw e;
        } catch (Throwable t) {
            throw new UmemException(ErrorKind.INTERNAL, "the listener of a generation failed: " + t, t);
        }
    }

    @Override
    public void close() {
        sampler.close();
        if (grammar != null) {
            grammar.close();
        }
    }
}
