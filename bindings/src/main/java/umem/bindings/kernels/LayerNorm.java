package umem.bindings.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/// The weights of a layer normalisation. Valid as long as its memory.
///
/// @param weight `width` floats
/// @param bias `width` floats
/// @param width at least 1
/// @param epsilon added to the variance
public record LayerNorm(MemorySegment weight, MemorySegment bias, int width, float epsilon) {

    public LayerNorm {
        if (width < 1 || weight.byteSize() < 4L * width || bias.byteSize() < 4L * width) {
            throw new IllegalArgumentException("a normalisation over " + width + " values lacks weights");
        }
    }

    /// Copies weights.
    public static LayerNorm allocate(SegmentAllocator memory, float[] weight, float[] bias, float epsilon) {
        return new LayerNorm(
                memory.allocateFrom(ValueLayout.JAVA_FLOAT, weight),
                memory.allocateFrom(ValueLayout.JAVA_FLOAT, bias),
                weight.length,
                epsilon);
    }
}
