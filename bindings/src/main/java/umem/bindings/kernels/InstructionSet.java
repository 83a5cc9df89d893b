package umem.bindings.kernels;

/// What kernels are compiled for, from the slowest. Results are the same, bit for bit.
public enum InstructionSet {
    /// Any CPU; slow without an instruction for fused multiply-add.
    PORTABLE,
    /// 256 bits, with fused multiply-add.
    AVX2,
    /// 512 bits.
    AVX512;

    /// The code of `enum umem_kernels_isa`.
    int code() {
        return ordinal();
    }
}
