package umem.engine.embedding.bert;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import umem.bindings.kernels.KernelLibrary;
import umem.bindings.kernels.LayerNorm;
import umem.bindings.kernels.Matrix;

/// Everything that a BERT encoder was trained to be. Immutable; valid as long as the arena that it was read into.
///
/// @param tokens the embedding of each token, `V x H`, read in place from the mapped file
/// @param positions what is added to the token at each position: `context x H`, the embedding of the first segment
///     included, since a text is one segment
/// @param norm of the sum
/// @param layers in their order
record BertWeights(
        BertShape shape, TensorFile.Tensor tokens, Matrix positions, LayerNorm norm, List<BertLayer> layers) {

    /// Reads and packs the weights: some tens of milliseconds.
    ///
    /// @throws umem.error.UmemException of kind MODEL if a tensor is missing, or of a wrong shape or type
    static BertWeights read(TensorFile file, BertShape shape, KernelLibrary library, Arena arena) {
        int width = shape.width();
        TensorFile.Tensor tokens = file.table("token_embd.weight", width);
        if (tokens == null) {
            throw BertShape.damaged(file.path(), "lacks the tensor token_embd.weight");
        }
        Matrix positions = positions(file, shape, arena);
        LayerNorm norm = BertLayer.norm(file, shape, "token_embd_norm", arena);
        // One piece of memory with large pages: the weights are read from end to end for every few texts.
        MemorySegment packed = arena.allocate(BertLayer.bytes(shape) * shape.layers(), 1 << 21);
        library.preferLargePages(packed);
        SegmentAllocator memory = SegmentAllocator.slicingAllocator(packed);
        List<BertLayer> layers = new ArrayList<>();
        for (int i = 0; i < shape.layers(); i++) {
            layers.add(BertLayer.read(file, shape, i, library, memory, arena));
        }
        return new BertWeights(shape, tokens, positions, norm, List.copyOf(layers));
    }

    private static Matrix positions(TensorFile file, BertShape shape, Arena arena) {
        int width = shape.width();
        TensorFile.Tensor table = file.matrix("position_embd.weight", shape.context(), width);
        TensorFile.@Nullable Tensor segments = file.table("token_types.weight", width);
        Matrix positions = Matrix.allocate(arena, shape.context(), width);
        float[] segment = new float[width];
        if (segments != null) {
            segments.row(0, MemorySegment.ofArray(segment), 0);
        }
        for (int row = 0; row < shape.context(); row++) {
            table.row(row, positions.floats(), 4L * row * width);
            for (int i = 0; i < width; i++) {
                long at = (long) row * width + i;
                float sum = positions.floats().getAtIndex(ValueLayout.JAVA_FLOAT, at) + segment[i];
                positions.floats().setAtIndex(ValueLayout.JAVA_FLOAT, at, sum);
            }
        }
        return positions;
    }
}
