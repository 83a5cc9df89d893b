package umem.bindings.kernels;

import java.lang.foreign.MemorySegment;

/// The arithmetic of an encoder, in one instruction set.
///
/// Every element of a result is computed by one fixed sequence of operations, whatever else is computed with it, so
/// results depend neither on how the work is cut up nor on the instruction set. Safe for all threads that write to
/// different places. Shapes are checked here; values are not.
public final class Kernels {
    private final KernelLibrary library;
    private final InstructionSet set;

    Kernels(KernelLibrary library, InstructionSet set) {
        this.library = library;
        this.set = set;
    }

    /// What it runs on.
    public InstructionSet instructionSet() {
        return set;
    }

    /// The library it belongs to.
    public KernelLibrary library() {
        return library;
    }

    /// `c = activation(a * weights^T + bias)`.
    ///
    /// @param a m x k
    /// @param weights n outputs, k inputs
    /// @param c m x n; does not overlap `a`
    public void multiply(Matrix a, PackedMatrix weights, Activation activation, Matrix c) {
        require(
                a.rows() == c.rows() && a.columns() == weights.inputs() && c.columns() == weights.outputs(),
                "a product does not fit its operands");
        library.abi()
                .multiply(
                        set.code(),
                        c.rows(),
                        c.columns(),
                        a.columns(),
                        a.floats(),
                        a.stride(),
                        weights.panels(),
                        weights.bias(),
                        c.floats(),
                        c.stride(),
                        activation.code());
    }

    /// Layer normalisation of each row of `x + residual`.
    ///
    /// @param x m x n
    /// @param residual m x n
    /// @param out m x n; may be `x` or `residual`
    public void normalise(Matrix x, Matrix residual, LayerNorm norm, Matrix out) {
        require(
                x.rows() == out.rows() && residual.rows() == out.rows(),
                "a normalisation has operands of different length");
        require(
                x.columns() == norm.width() && residual.columns() == norm.width() && out.columns() == norm.width(),
                "a normalisation does not fit its operands");
        require(x.isDense() && residual.isDense() && out.isDense(), "a normalisation needs rows without gaps");
        library.abi()
                .normalise(
                        set.code(),
                        x.rows(),
                        x.columns(),
                        x.floats(),
                        residual.floats(),
                        norm.weight(),
                        norm.bias(),
                        norm.epsilon(),
                        out.floats());
    }

    /// Self-attention of one text: `out = softmax(q * k^T * scale) * v` for each head.
    ///
    /// @param q tokens x (heads * width), a head beside the other, as `k` and `v`; all three have the same stride
    /// @param heads at least 1
    /// @param scratch [#attentionScratch] bytes
    /// @param out tokens x (heads * width); overlaps nothing else
    public void attend(Matrix q, Matrix k, Matrix v, int heads, float scale, MemorySegment scratch, Matrix out) {
        int tokens = q.rows();
        int columns = q.columns();
        require(
                k.rows() == tokens && v.rows() == tokens && out.rows() == tokens,
                "an attention has operands of different length");
        require(
                k.columns() == columns && v.columns() == columns && out.columns() == columns,
                "an attention has operands of different width");
        require(heads > 0 && columns % heads == 0, "an attention has heads of different width");
        require(q.stride() == k.stride() && q.stride() == v.stride(), "an attention has operands of different stride");
        int width = columns / heads;
        require(
                tokens > 0 && scratch.byteSize() >= attentionScratch(tokens, width) && scratch.isNative(),
                "an attention lacks scratch memory");
        library.abi()
                .attend(
                        set.code(),
                        tokens,
                        heads,
                        width,
                        q.floats(),
                        k.floats(),
                        v.floats(),
                        q.stride(),
                        scale,
                        scratch,
                        out.floats(),
                        out.stride());
    }

    /// Bytes that [#attend] needs beside its operands.
    public long attentionScratch(int tokens, int width) {
        return 4 * library.abi().attentionScratch(tokens, width);
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
