package umem.engine.language;

import java.util.Arrays;

/// One sequence of a [KeyValueCache]: the tokens whose keys and values the cache holds, and those still to come.
/// Written by the cache only.
final class CachedSequence {
    /// What a sequence is used for.
    enum Use {
        /// Nothing: it is empty.
        FREE,
        /// A generation appends to it.
        RUNNING,
        /// Its generation is over; the prefix may serve others.
        KEPT
    }

    final int id;
    Use use = Use.FREE;
    /// What the cache holds, then what a running generation has promised to append soon.
    int[] tokens = {};
    int[] cells = {};
    /// How many tokens the cache holds.
    int length;
    /// How many tokens are known: those it holds, and the prompt.
    int known;
    /// How many tokens it may grow to while it is running.
    int total;
    /// When it was last of use.
    long touched;

    CachedSequence(int id) {
        this.id = id;
    }

    /// How many of the tokens it holds are a prefix of a prompt, too.
    int held(int[] prompt) {
        return common(prompt, length);
    }

    /// How many of the tokens it will soon hold are a prefix of a prompt, too.
    int promised(int[] prompt) {
        return common(prompt, known);
    }

    private int common(int[] prompt, int limit) {
        int end = Math.min(limit, prompt.length);
        int mismatch = Arrays.mismatch(tokens, 0, end, prompt, 0, end);
        return mismatch < 0 ? end : mismatch;
    }
}
