package umem.bindings.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/// Weights and bias of a linear layer, in the order in which a product reads them: panels of 16 outputs, in each of
/// them
/// the 16 weights of an input side by side. Immutable once packed; valid as long as its memory.
///
/// @param panels `inputs * 16` floats for each 16 outputs
/// @param bias one float for each output, rounded up to whole panels
/// @param outputs at least 1
/// @param inputs at least 1
public record PackedMatrix(MemorySegment panels, MemorySegment bias, int outputs, int inputs) {
    /// Outputs of a panel.
    public static final int PANEL = 16;

    public PackedMatrix {
        if (outputs < 1 || inputs < 1) {
            throw new IllegalArgumentException("no matrix: " + outputs + " x " + inputs);
        }
        long floats = wholePanels(outputs);
        if (panels.byteSize() < 4 * floats * inputs || bias.byteSize() < 4 * floats) {
            throw new IllegalArgumentException(outputs + " x " + inputs + " weights do not fit into their memory");
        }
    }

    /// Bytes that [#pack] allocates.
    public static long bytes(int outputs, int inputs) {
        return 4 * wholePanels(outputs) * (inputs + 1L);
    }

    /// Packs weights.
    ///
    /// @param memory receives the panels and the bias
    /// @param weights one row an output, one column an input, without gaps
    /// @param bias one a row
    public static PackedMatrix pack(KernelLibrary library, SegmentAllocator memory, Matrix weights, float[] bias) {
        int outputs = weights.rows();
        int inputs = weights.columns();
        if (!weights.isDense() || outputs < 1 || bias.length != outputs) {
            throw new IllegalArgumentException("weights are to lie without gaps and to have a bias each");
        }
        MemorySegment panels = memory.allocate(4 * wholePanels(outputs) * inputs, 64);
        MemorySegment padded = memory.allocate(4 * wholePanels(outputs), 64).fill((byte) 0);
        library.abi().pack(outputs, inputs, weights.floats(), panels);
        MemorySegment.copy(bias, 0, padded, ValueLayout.JAVA_FLOAT, 0, outputs);
        return new PackedMatrix(panels, padded, outputs, inputs);
    }

    /// Some of its outputs.
    ///
    /// @param from a multiple of [#PANEL]
    /// @param count a multiple of [#PANEL], or what is left
    public PackedMatrix outputs(int from, int count) {
        if (from < 0 || count < 1 || from + count > outputs || from % PANEL != 0) {
            throw new IndexOutOfBoundsException("outputs " + from + " to " + (from + count) + " of " + outputs);
        }
        return new PackedMatrix(panels.asSlice(4L * from * inputs), bias.asSlice(4L * from), count, inputs);
    }

    private static long wholePanels(int outputs) {
        return (outputs + PANEL - 1L) / PANEL * PANEL;
    }
}
