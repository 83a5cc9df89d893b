package umem.engine.embedding.bert;

import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;
import umem.bindings.kernels.KernelLibrary;
import umem.bindings.kernels.LayerNorm;
import umem.bindings.kernels.Matrix;
import umem.bindings.kernels.PackedMatrix;

/// The weights of one layer, packed.
///
/// @param projections queries, keys and values, one after the other: `3H x H`
/// @param output of the attention: `H x H`
/// @param attentionNorm over `H`
/// @param up `F x H`
/// @param down `H x F`
/// @param outputNorm over `H`
record BertLayer(
        PackedMatrix projections,
        PackedMatrix output,
        LayerNorm attentionNorm,
        PackedMatrix up,
        PackedMatrix down,
        LayerNorm outputNorm) {

    /// Bytes of a layer's packed matrices.
    static long bytes(BertShape shape) {
        int width = shape.width();
        return PackedMatrix.bytes(3 * width, width)
                + PackedMatrix.bytes(width, width)
                + PackedMatrix.bytes(shape.feedForward(), width)
                + PackedMatrix.bytes(width, shape.feedForward())
                + 16 * 64;
    }

    /// Reads and packs a layer.
    ///
    /// @param memory receives the matrices
    /// @param vectors receives the normalisations
    static BertLayer read(
            TensorFile file,
            BertShape shape,
            int number,
            KernelLibrary library,
            SegmentAllocator memory,
            SegmentAllocator vectors) {
        String prefix = "blk." + number + ".";
        Reader reader = new Reader(file, prefix, library, memory);
        int width = shape.width();
        return new BertLayer(
                reader.matrix(width, width, "attn_q", "attn_k", "attn_v"),
                reader.matrix(width, width, "attn_output"),
                norm(file, shape, prefix + "attn_output_norm", vectors),
                reader.matrix(shape.feedForward(), width, "ffn_up"),
                reader.matrix(width, shape.feedForward(), "ffn_down"),
                norm(file, shape, prefix + "layer_output_norm", vectors));
    }

    private record Reader(TensorFile file, String prefix, KernelLibrary library, SegmentAllocator memory) {

        /// Packs matrices of the same shape as one, their outputs side by side.
        PackedMatrix matrix(int outputs, int inputs, String... names) {
            float[] bias = new float[names.length * outputs];
            try (Arena arena = Arena.ofConfined()) {
                Matrix rows = Matrix.allocate(arena, bias.length, inputs);
                int from = 0;
                for (String name : names) {
                    TensorFile.Tensor weight = file.matrix(prefix + name + ".weight", outputs, inputs);
                    for (int row = 0; row < outputs; row++) {
                        weight.row(row, rows.floats(), 4L * (from + row) * inputs);
                    }
                    System.arraycopy(file.vector(prefix + name + ".bias", outputs), 0, bias, from, outputs);
                    from += outputs;
                }
                return PackedMatrix.pack(library, memory, rows, bias);
            }
        }
    }

    /// Reads a normalisation.
    static LayerNorm norm(TensorFile file, BertShape shape, String name, SegmentAllocator vectors) {
        return LayerNorm.allocate(
                vectors,
                file.vector(name + ".weight", shape.width()),
                file.vector(name + ".bias", shape.width()),
                shape.epsilon());
    }
}
